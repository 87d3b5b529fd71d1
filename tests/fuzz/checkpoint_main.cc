// tact-fuzz-checkpoint SECONDS [SEED] [--target NAME]: mutated inputs for every reader of
// checkpoints and of the configurations beside them.
#include "tests/fuzz/fuzz_loop.h"

int main(int argc, char** argv) {
  return tact::fuzz::FuzzMain(argc, argv, tact::fuzz::CheckpointTargets);
}

// tact-fuzz-text SECONDS [SEED] [--target NAME]: mutated inputs for every reader of
// tokenizers, data sets and prompts.
#include "tests/fuzz/fuzz_loop.h"

int main(int argc, char** argv) {
  return tact::fuzz::FuzzMain(argc, argv, tact::fuzz::TextTargets);
}

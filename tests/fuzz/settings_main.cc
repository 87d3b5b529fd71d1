// tact-fuzz-settings SECONDS [SEED] [--target NAME]: mutated inputs for every reader of settings,
// addresses, certificates and records.
#include "tests/fuzz/fuzz_loop.h"

int main(int argc, char** argv) {
  return tact::fuzz::FuzzMain(argc, argv, tact::fuzz::SettingsTargets);
}

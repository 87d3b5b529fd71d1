// What every program here does: feed mutated inputs to its targets for so many seconds, and stop at
// the first that crashes, takes too long or needs too much memory.
#ifndef TACT_TESTS_FUZZ_FUZZ_LOOP_H_
#define TACT_TESTS_FUZZ_FUZZ_LOOP_H_

#include "tests/fuzz/targets.h"

namespace tact::fuzz {

// PROGRAM SECONDS [SEED] [--target NAME]. The same seed gives the same inputs. Returns the exit
// code: 0, or 2 for wrong arguments. A crash, an input that takes over 10 seconds, or one that
// needs over 256 MiB ends the program with status 1 and the input in crash-TARGET.bin.
int FuzzMain(int argc, char** argv, const MakeTargets& make_targets);

}  // namespace tact::fuzz

#endif  // TACT_TESTS_FUZZ_FUZZ_LOOP_H_

// Changes messages through protobuf's reflection: every field of every type becomes what a hostile
// or careless caller may send.
#ifndef TACT_TESTS_FUZZ_MESSAGE_MUTATOR_H_
#define TACT_TESTS_FUZZ_MESSAGE_MUTATOR_H_

#include <google/protobuf/message.h>

#include "tests/fuzz/mutator.h"

namespace tact::fuzz {

// One to four fields, at any depth, become extremes: limits of numbers, NaN and infinities, enum
// values that nobody knows, texts that are paths, very long or hold NUL, bytes of any kind, lists
// that are empty or long; fields and whole oneofs go or appear.
void MutateMessage(google::protobuf::Message& message, Mutator& mutator);

}  // namespace tact::fuzz

#endif  // TACT_TESTS_FUZZ_MESSAGE_MUTATOR_H_

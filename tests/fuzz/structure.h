// Mutations that keep a text in its format: a value of a JSON document becomes another one, a line
// of a file comes twice. What bytes alone would hardly reach.
#ifndef TACT_TESTS_FUZZ_STRUCTURE_H_
#define TACT_TESTS_FUZZ_STRUCTURE_H_

#include <string>
#include <vector>

#include "tests/fuzz/mutator.h"

namespace tact::fuzz {

// One value of the document is removed, repeated, exchanged for another of it, or for an extreme:
// numbers at and beyond every limit, NaN, empty and very long texts, bytes that are no UTF-8,
// thousands of brackets. `text` as it is where it is no JSON.
std::string MutateJson(const std::string& text, Mutator& mutator);

// Lines are repeated, removed, exchanged, joined, emptied, made very long or taken from another
// member of `corpus`; a field of one becomes an extreme. Where a line is JSON, so is what it
// becomes.
std::string MutateLines(const std::string& text, const std::vector<std::string>& corpus,
                        Mutator& mutator);

// A value that is awkward to a reader: of any kind, as JSON writes it or as nobody should.
std::string ExtremeValue(Mutator& mutator);

}  // namespace tact::fuzz

#endif  // TACT_TESTS_FUZZ_STRUCTURE_H_

// The parsers under test, each with inputs to begin with.
#ifndef TACT_TESTS_FUZZ_TARGETS_H_
#define TACT_TESTS_FUZZ_TARGETS_H_

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace tact::fuzz {

struct Target {
  std::string name;
  std::vector<std::string> corpus;
  // Whether the input was read; aborts where what was read is not what the input holds.
  std::function<bool(const std::string& input)> run;
};

// `folder` is one of their own, for parsers that open files.
std::vector<Target> CheckpointTargets(const std::filesystem::path& folder);

}  // namespace tact::fuzz

#endif  // TACT_TESTS_FUZZ_TARGETS_H_

// The parsers under test, each with inputs to begin with.
#ifndef TACT_TESTS_FUZZ_TARGETS_H_
#define TACT_TESTS_FUZZ_TARGETS_H_

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace tact::fuzz {

// What an input is made of; decides how it is changed beside its bytes.
enum class Grammar { kBytes, kJson, kLines };

struct Target {
  std::string name;
  std::vector<std::string> corpus;
  // Whether the input was read; aborts where what was read is not what the input holds.
  std::function<bool(const std::string& input)> run;
  Grammar grammar = Grammar::kBytes;
};

// `folder` is one of their own, for parsers that open files.
using MakeTargets = std::function<std::vector<Target>(const std::filesystem::path& folder)>;

std::vector<Target> CheckpointTargets(const std::filesystem::path& folder);
std::vector<Target> TextTargets(const std::filesystem::path& folder);
std::vector<Target> SettingsTargets(const std::filesystem::path& folder);

// status.ok(). Aborts where an error is none that a person could use: an empty text, one that is
// not UTF-8, or a code that says the program is at fault (INTERNAL, UNKNOWN).
bool WasRead(const absl::Status& status);

// The bytes of a file, or of one of the source tree; ends the program where it is not there.
std::string ReadWhole(const std::filesystem::path& path);
std::string SourceFile(const std::filesystem::path& path);
void WriteInput(const std::filesystem::path& path, const std::string& bytes);

}  // namespace tact::fuzz

#endif  // TACT_TESTS_FUZZ_TARGETS_H_

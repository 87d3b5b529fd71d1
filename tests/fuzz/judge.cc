#include <utf8.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/fuzz/targets.h"

namespace tact::fuzz {

bool WasRead(const absl::Status& status) {
  if (status.ok()) return true;
  const std::string text(status.message());
  const bool blames_itself = absl::IsInternal(status) || absl::IsUnknown(status);
  if (!blames_itself && !text.empty() && utf8::is_valid(text.begin(), text.end())) return false;
  std::fprintf(stderr, "not an error for a person: %s\n", status.ToString().c_str());
  std::abort();
}

std::string ReadWhole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s: not there; set TACT_SOURCE_DIR to the repository\n", path.c_str());
    std::exit(2);
  }
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

std::string SourceFile(const std::filesystem::path& path) {
  const char* root = std::getenv("TACT_SOURCE_DIR");
  return ReadWhole(std::filesystem::path(root != nullptr ? root : ".") / path);
}

void WriteInput(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace tact::fuzz

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

std::string SourceFile(const std::filesystem::path& path) {
  const char* root = std::getenv("TACT_SOURCE_DIR");
  const std::filesystem::path whole = std::filesystem::path(root != nullptr ? root : ".") / path;
  std::ifstream file(whole, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s: not there; set TACT_SOURCE_DIR to the repository\n", whole.c_str());
    std::exit(2);
  }
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

void WriteInput(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace tact::fuzz

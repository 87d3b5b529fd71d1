#include "tests/fuzz/folder_watch.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

namespace tact::fuzz {
namespace {

namespace fs = std::filesystem;

std::string Describe(const fs::directory_entry& entry) {
  if (entry.is_symlink()) return "link to " + fs::read_symlink(entry.path()).string();
  if (!entry.is_regular_file()) return "folder";
  std::ostringstream out;
  out << std::ifstream(entry.path(), std::ios::binary).rdbuf();
  return "file " + out.str();
}

}  // namespace

FolderWatch::FolderWatch() {
  std::string pattern = (fs::temp_directory_path() / "tact-fuzz-XXXXXX").string();
  root_ = mkdtemp(pattern.data());
  for (const char* folder : {"service", "outside", "work"}) fs::create_directory(root_ / folder);
  std::ofstream(root_ / "outside/secret") << Secret();
  std::ofstream(root_ / "outside/secret.json") << "{\"file\": \"" << Secret() << "\"}";
  fs::create_directory_symlink(root_ / "outside", root_ / "service/link");
  fs::current_path(root_ / "work");
  before_ = List();
}

FolderWatch::~FolderWatch() {
  std::error_code ignored;
  fs::current_path("/", ignored);
  fs::remove_all(root_, ignored);
}

std::string FolderWatch::Secret() { return "what-lies-outside-4711"; }

FolderWatch::Listing FolderWatch::List() const {
  Listing out;
  for (auto entry = fs::recursive_directory_iterator(root_); entry != fs::end(entry); ++entry) {
    if (entry->path() == service()) {
      entry.disable_recursion_pending();
      continue;
    }
    out[entry->path().string()] = Describe(*entry);
  }
  return out;
}

std::string FolderWatch::FindChange() const {
  const Listing now = List();
  for (const auto& [path, what] : now) {
    const auto found = before_.find(path);
    if (found == before_.end() || found->second != what) return path;
  }
  for (const auto& [path, what] : before_) {
    if (!now.contains(path)) return path;
  }
  return "";
}

}  // namespace tact::fuzz

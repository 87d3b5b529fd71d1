// What lies around the folders of a service, so that a file that appears, changes or goes where no
// service may write is noticed.
#ifndef TACT_TESTS_FUZZ_FOLDER_WATCH_H_
#define TACT_TESTS_FUZZ_FOLDER_WATCH_H_

#include <filesystem>
#include <map>
#include <string>

namespace tact::fuzz {

// A temporary folder with "service", the service's own; "outside" with a file "secret"; "work", the
// process's current folder from now on; and the link service/link, which leads outside.
class FolderWatch {
 public:
  FolderWatch();
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  std::filesystem::path service() const { return root_ / "service"; }
  // What stands in outside/secret; no answer may hold it.
  static std::string Secret();
  // The first path beyond "service" that is not as it was; empty if there is none.
  std::string FindChange() const;

 private:
  using Listing = std::map<std::string, std::string>;  // of each path: its kind and contents
  Listing List() const;

  std::filesystem::path root_;
  Listing before_;
};

}  // namespace tact::fuzz

#endif  // TACT_TESTS_FUZZ_FOLDER_WATCH_H_

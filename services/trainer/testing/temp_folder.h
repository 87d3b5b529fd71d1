// A folder of its own for one test, empty at first and removed at the end.
#ifndef TACT_SERVICES_TRAINER_TESTING_TEMP_FOLDER_H_
#define TACT_SERVICES_TRAINER_TESTING_TEMP_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace tact {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "tact-trainer-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TempFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_TESTING_TEMP_FOLDER_H_

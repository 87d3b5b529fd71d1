// What this program was built from, as of the last run of cmake.
#ifndef TACT_COMMON_BASE_BUILD_INFO_H_
#define TACT_COMMON_BASE_BUILD_INFO_H_

#include <string>

namespace tact {

struct BuildInfo {
  std::string version;     // "0.1.0"
  std::string commit;      // of git, 12 digits; "unknown" outside a git checkout
  std::string compiler;    // "GNU 12.2.0"
  std::string build_type;  // "Release"
};

const BuildInfo& GetBuildInfo();

// tact_build_info, a gauge that is 1, with these facts and the program's name as labels.
void ExportBuildInfo(const std::string& program);

}  // namespace tact

#endif  // TACT_COMMON_BASE_BUILD_INFO_H_

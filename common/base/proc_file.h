// Files of /proc and /sys, which have no size to read by.
#ifndef TACT_COMMON_BASE_PROC_FILE_H_
#define TACT_COMMON_BASE_PROC_FILE_H_

#include <fstream>
#include <sstream>
#include <string>

namespace tact {

// All of it; "" where it cannot be read.
inline std::string ReadProc(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace tact

#endif  // TACT_COMMON_BASE_PROC_FILE_H_

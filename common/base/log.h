// One logger for a process: a line to stderr per event, "time level service message".
// Prompt and completion text must not be passed to it.
#ifndef TACT_COMMON_BASE_LOG_H_
#define TACT_COMMON_BASE_LOG_H_

#include <string>
#include <string_view>

#include "common/base/strings.h"

namespace tact {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Names the service in every line and sets the least level that is written. Call once in main.
void InitLogging(std::string_view service, LogLevel level = LogLevel::kInfo);

void Log(LogLevel level, std::string_view message);

template <typename... Parts>
void LogInfo(const Parts&... parts) {
  Log(LogLevel::kInfo, StrCat(parts...));
}
template <typename... Parts>
void LogWarning(const Parts&... parts) {
  Log(LogLevel::kWarning, StrCat(parts...));
}
template <typename... Parts>
void LogError(const Parts&... parts) {
  Log(LogLevel::kError, StrCat(parts...));
}

}  // namespace tact

#endif  // TACT_COMMON_BASE_LOG_H_

// Two clocks: the wall clock for times that people read, a steady one for durations, which a change
// of the machine's time must not falsify.
#ifndef TACT_COMMON_BASE_CLOCK_H_
#define TACT_COMMON_BASE_CLOCK_H_

#include <chrono>

namespace tact {

// Seconds since 1970, UTC.
inline double UnixSeconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

// Seconds since it was made.
class Stopwatch {
 public:
  double Seconds() const {
    const auto passed = std::chrono::steady_clock::now() - started_;
    return std::chrono::duration<double>(passed).count();
  }

 private:
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace tact

#endif  // TACT_COMMON_BASE_CLOCK_H_

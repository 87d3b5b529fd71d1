// A live line on a terminal, redrawn in place; elsewhere plain lines now and then.
#ifndef TACT_SERVICES_TACTCTL_PROGRESS_H_
#define TACT_SERVICES_TACTCTL_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "common/base/clock.h"
#include "services/tactctl/context.h"

namespace tact::ctl {

class Progress {
 public:
  explicit Progress(Terminal& terminal) : terminal_(terminal) {}
  ~Progress() { Clear(); }

  // Redraws the line on a terminal. Elsewhere prints it if `important`, or if the last line is
  // two seconds old.
  void Update(const std::string& line, bool important = false);
  // A line that stays.
  void Say(const std::string& line);
  // Takes the live line away.
  void Clear();

 private:
  void PrintPlain(const std::string& line);

  Terminal& terminal_;
  bool drawn_ = false;
  std::string last_plain_;
  std::chrono::steady_clock::time_point last_time_ = std::chrono::steady_clock::now();
};

// "  12.5 prompts/s  8 s left": how fast it went, and how long the rest takes at that pace; ""
// before anything is done. `seconds` have passed for `done` of `total`.
std::string Pace(double done, double total, double seconds, const std::string& unit);

// The line of files that are fetched one after the other.
class Transfer {
 public:
  // "model.safetensors [####....] 40 %  12/30 MiB  5.00 MiB/s  3.6 s left"; the pace is that of
  // this file since its first line, which may have come when a part was there already.
  std::string Line(const std::string& file, uint64_t done, uint64_t total);

 private:
  std::string file_;
  uint64_t at_start_ = 0;
  Stopwatch watch_;
};

// "[########............] 40 %"; `total` 0 gives an empty bar.
std::string Bar(double done, double total, size_t cells = 20);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_PROGRESS_H_

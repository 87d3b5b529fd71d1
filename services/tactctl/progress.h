// A live line on a terminal, redrawn in place; elsewhere plain lines now and then.
#ifndef TACT_SERVICES_TACTCTL_PROGRESS_H_
#define TACT_SERVICES_TACTCTL_PROGRESS_H_

#include <chrono>
#include <string>

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

// "[########............] 40 %"; `total` 0 gives an empty bar.
std::string Bar(double done, double total, size_t cells = 20);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_PROGRESS_H_

// A history that several threads write.
#ifndef TACT_TESTS_FAULT_CHAOS_RECORDER_H_
#define TACT_TESTS_FAULT_CHAOS_RECORDER_H_

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "tests/fault/chaos/history.h"

namespace tact::chaos {

class Recorder {
 public:
  void Add(const std::function<void(History&)>& add) {
    const std::lock_guard lock(mutex_);
    add(history_);
  }
  // Something that is wrong by itself, such as an exit code.
  void Violation(const std::string& line) {
    const std::lock_guard lock(mutex_);
    violations_.push_back(line);
  }
  std::vector<std::string> Broken() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> broken = BrokenRules(history_);
    broken.insert(broken.end(), violations_.begin(), violations_.end());
    return broken;
  }
  History history() const {
    const std::lock_guard lock(mutex_);
    return history_;
  }

 private:
  mutable std::mutex mutex_;
  History history_;
  std::vector<std::string> violations_;
};

}  // namespace tact::chaos

#endif  // TACT_TESTS_FAULT_CHAOS_RECORDER_H_

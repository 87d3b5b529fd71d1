// Tells whether a thread that works in steps is stuck: it is busy, and yet no step ends. Pure: the
// time is passed in.
#ifndef TACT_COMMON_BASE_STALL_WATCH_H_
#define TACT_COMMON_BASE_STALL_WATCH_H_

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace tact {

struct Pulse {
  uint64_t steps = 0;  // that have ended
  bool busy = false;   // a step has begun and has not ended
};

// What the working thread tells and any other thread reads, without a lock.
class Heartbeat {
 public:
  void BeginStep() { busy_.store(true, std::memory_order_relaxed); }
  void EndStep() {
    steps_.fetch_add(1, std::memory_order_relaxed);
    busy_.store(false, std::memory_order_relaxed);
  }
  Pulse pulse() const {
    return {steps_.load(std::memory_order_relaxed), busy_.load(std::memory_order_relaxed)};
  }

 private:
  std::atomic<uint64_t> steps_ = 0;
  std::atomic<bool> busy_ = false;
};

struct StallLimits {
  double stuck_seconds = 30;     // without a step: send no more work here
  double restart_seconds = 300;  // without a step: only a new process helps
};

enum class Vigour { kWell, kStuck, kHopeless };

class StallWatch {
 public:
  // To be asked at least every `max_gap` seconds: of a longer gap only so much counts, because then
  // the whole process (or machine) was stopped, and not the thread alone.
  StallWatch(const StallLimits& limits, double max_gap) : limits_(limits), max_gap_(max_gap) {}

  // `now` in seconds of a clock that never goes back.
  Vigour Observe(const Pulse& pulse, double now) {
    const bool stalls = pulse.busy && pulse.steps == steps_ && was_busy_;
    stalled_ = stalls ? stalled_ + std::clamp(now - last_, 0.0, max_gap_) : 0;
    steps_ = pulse.steps;
    was_busy_ = pulse.busy;
    last_ = now;
    if (stalled_ >= limits_.restart_seconds) return Vigour::kHopeless;
    return stalled_ >= limits_.stuck_seconds ? Vigour::kStuck : Vigour::kWell;
  }

  double stalled_seconds() const { return stalled_; }

 private:
  const StallLimits limits_;
  const double max_gap_;
  uint64_t steps_ = 0;
  bool was_busy_ = false;
  double last_ = 0, stalled_ = 0;
};

}  // namespace tact

#endif  // TACT_COMMON_BASE_STALL_WATCH_H_

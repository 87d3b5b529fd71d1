// Where a step of the batch spends its time: scopes that cost one load and a branch while nobody
// profiles. Times are exclusive: what an inner scope takes is not the outer one's.
#ifndef TACT_SERVICES_POLICY_ENGINE_STEP_PROFILE_H_
#define TACT_SERVICES_POLICY_ENGINE_STEP_PROFILE_H_

#include <time.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace tact {

enum class StepPart {
  kOutside,  // between steps; not counted
  kRest,     // of a step: rows, bookkeeping, delivery
  kEncode,   // prompts that join, with everything inside
  kEmbedding,
  kNorm,
  kQkv,
  kSelfAttention,
  kCrossQuery,
  kCrossAttention,
  kOut,  // projections of both attentions
  kFeedForward,
  kHead,
  kSampling,
  kCount
};

// Of one thread, the one that steps.
class StepProfile {
 public:
  // `clock` as clock_gettime takes it: CLOCK_MONOTONIC, or CLOCK_THREAD_CPUTIME_ID where all work
  // is done by that one thread and other programs run too.
  explicit StepProfile(clockid_t clock = CLOCK_MONOTONIC) : clock_(clock) {}

  // The part that counts from now on; returns the one before.
  StepPart Enter(StepPart part) {
    const int64_t now = Now();
    if (part_ != StepPart::kOutside) times_[static_cast<size_t>(part_)] += now - since_;
    const StepPart before = part_;
    if (before == StepPart::kOutside) ++steps_;
    since_ = now;
    part_ = before == StepPart::kEncode ? before : part;
    return before;
  }
  void Leave(StepPart before) {
    Enter(before);
    part_ = before;
  }

  double seconds(StepPart part) const {
    return static_cast<double>(times_[static_cast<size_t>(part)]) * 1e-9;
  }
  double seconds() const {  // of all parts
    return static_cast<double>(std::accumulate(times_.begin(), times_.end(), int64_t{0})) * 1e-9;
  }
  int64_t steps() const { return steps_; }

  // The profile that scopes write to; null while there is none. Set between steps only.
  static std::atomic<StepProfile*>& Current() {
    static constinit std::atomic<StepProfile*> current = nullptr;
    return current;
  }

 private:
  int64_t Now() const {
    timespec time = {};
    ::clock_gettime(clock_, &time);
    return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  }

  const clockid_t clock_;
  std::array<int64_t, static_cast<size_t>(StepPart::kCount)> times_{};  // nanoseconds
  int64_t since_ = 0;
  StepPart part_ = StepPart::kOutside;
  int64_t steps_ = 0;
};

class StepScope {
 public:
  explicit StepScope(StepPart part)
      : profile_(StepProfile::Current().load(std::memory_order_relaxed)) {
    if (profile_ != nullptr) before_ = profile_->Enter(part);
  }
  ~StepScope() {
    if (profile_ != nullptr) profile_->Leave(before_);
  }
  StepScope(const StepScope&) = delete;
  StepScope& operator=(const StepScope&) = delete;

 private:
  StepProfile* const profile_;
  StepPart before_ = StepPart::kOutside;
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_STEP_PROFILE_H_

// Where a step of the batch spends its time: scopes that cost one load and a branch while nobody
// profiles. Times are exclusive: what an inner scope takes is not the outer one's.
#ifndef TACT_SERVICES_POLICY_ENGINE_STEP_PROFILE_H_
#define TACT_SERVICES_POLICY_ENGINE_STEP_PROFILE_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

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
  // The part that counts from now on; returns the one before.
  StepPart Enter(StepPart part) {
    const auto now = std::chrono::steady_clock::now();
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
    return std::chrono::duration<double>(times_[static_cast<size_t>(part)]).count();
  }
  int64_t steps() const { return steps_; }

  // The profile that scopes write to; null while there is none. Set between steps only.
  static std::atomic<StepProfile*>& Current() {
    static constinit std::atomic<StepProfile*> current = nullptr;
    return current;
  }

 private:
  std::array<std::chrono::steady_clock::duration, static_cast<size_t>(StepPart::kCount)> times_{};
  std::chrono::steady_clock::time_point since_;
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

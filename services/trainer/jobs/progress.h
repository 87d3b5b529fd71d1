// How long a job still takes, from how long its steps took.
#ifndef TACT_SERVICES_TRAINER_JOBS_PROGRESS_H_
#define TACT_SERVICES_TRAINER_JOBS_PROGRESS_H_

#include <cstdint>

namespace tact {

// Exponential mean of step times that forgets the first, slow ones within about ten steps.
class Progress {
 public:
  void AddStep(double seconds) {
    ++steps_;
    const double weight = steps_ < 10 ? 1.0 / static_cast<double>(steps_) : 0.1;
    mean_ += weight * (seconds - mean_);
  }
  double SecondsLeft(uint32_t steps) const { return mean_ * steps; }

 private:
  uint64_t steps_ = 0;
  double mean_ = 0;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_JOBS_PROGRESS_H_

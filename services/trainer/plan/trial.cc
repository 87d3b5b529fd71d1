#include "services/trainer/plan/trial.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/supervised/loop.h"

namespace tact {
namespace {

absl::Status GivenUp() { return absl::CancelledError("the trial was given up"); }

// Times of steps, the first one apart, and whether another one may begin.
class StepTimes {
 public:
  explicit StepTimes(const TrialLimits& limits) : limits_(limits) {}

  void Add(double seconds) { seconds_.push_back(seconds); }
  bool MayGoOn() const {
    return seconds_.empty() ||
           (seconds_.size() <= limits_.steps && watch_.Seconds() < limits_.seconds);
  }
  absl::StatusOr<double> Median() const {
    if (seconds_.empty()) return GivenUp();
    std::vector<double> later(seconds_.begin() + (seconds_.size() > 1 ? 1 : 0), seconds_.end());
    const auto middle = later.begin() + static_cast<std::ptrdiff_t>(later.size() / 2);
    std::nth_element(later.begin(), middle, later.end());
    return *middle;
  }

 private:
  const TrialLimits& limits_;
  const Stopwatch watch_;
  std::vector<double> seconds_;
};

// Lets the loop run without leaving a trace: it ends as if its user had cancelled it.
class TrialContext : public JobContext {
 public:
  TrialContext(const v1::JobSpec& spec, const TrialLimits& limits)
      : limits_(limits), times_(limits), checkpoints_("/nonexistent/trial") {
    *job_.mutable_spec() = spec;
  }

  const v1::Job& job() const override { return job_; }
  absl::Status CheckStop() override { return times_.MayGoOn() ? CheckCancelled() : GivenUp(); }
  absl::Status CheckCancelled() override {
    return limits_.give_up() ? GivenUp() : absl::OkStatus();
  }
  absl::Status ReportSize(const JobSize&) override { return absl::OkStatus(); }
  absl::Status ReportStep(const v1::StepMetrics& metrics) override {
    times_.Add(metrics.seconds());
    return absl::OkStatus();
  }
  absl::Status ReportWaiting(std::string_view) override { return absl::OkStatus(); }
  absl::Status ReportBest(uint32_t, double) override { return absl::OkStatus(); }
  absl::Status ReportSamples(uint32_t, const std::vector<RolloutSample>&) override {
    return absl::OkStatus();
  }
  absl::Status ReportVersion(uint64_t) override { return absl::OkStatus(); }
  absl::Status ReportNote(std::string_view) override { return absl::OkStatus(); }
  CheckpointStore& checkpoints() override { return checkpoints_; }
  std::filesystem::path result_folder() const override { return checkpoints_.folder(); }

  const StepTimes& times() const { return times_; }

 private:
  const TrialLimits& limits_;
  StepTimes times_;
  v1::Job job_;
  CheckpointStore checkpoints_;
};

std::vector<TokenSequence> MadeUpRollouts(const T5Config& config,
                                          const std::vector<PpoPrompt>& prompts,
                                          const v1::PpoSettings& ppo, uint64_t seed) {
  std::vector<TokenSequence> out;
  CounterRng rng(seed);
  for (uint32_t i = 0; i < ppo.mini_batch_size(); ++i) {
    TokenSequence& one = out.emplace_back();
    one.prompt = prompts[rng.Below(prompts.size())].ids;
    for (uint32_t t = 0; t < ppo.sampling().max_new_tokens(); ++t) {
      one.response.push_back(
          static_cast<int32_t>(rng.Below(static_cast<uint64_t>(config.vocab_size))));
    }
  }
  return out;
}

}  // namespace

v1::JobSpec OneMicroBatch(const v1::JobSpec& spec, uint32_t* parts) {
  v1::JobSpec out = spec;
  v1::SupervisedSettings& s = *out.mutable_supervised();
  *parts = std::max(1u, s.gradient_accumulation_steps());
  s.set_batch_size((s.batch_size() + *parts - 1) / *parts);
  s.set_gradient_accumulation_steps(1);
  return out;
}

absl::StatusOr<double> TimeSupervisedStep(SupervisedTask& task, const v1::JobSpec& spec,
                                          const TrialLimits& limits) {
  uint32_t parts = 1;
  v1::JobSpec trial = OneMicroBatch(spec, &parts);
  // No validation and no checkpoint within the trial, and no step that is the last.
  trial.mutable_supervised()->set_max_steps(std::numeric_limits<int32_t>::max());
  trial.mutable_supervised()->set_validation_steps(0);
  trial.set_checkpoint_steps(std::numeric_limits<int32_t>::max());
  TrialContext context(trial, limits);
  const absl::Status status = TrainSupervised(task, context);
  if (!absl::IsCancelled(status)) return status;
  RETURN_IF_ERROR(context.CheckCancelled());
  ASSIGN_OR_RETURN(const double seconds, context.times().Median());
  return seconds * parts;
}

absl::StatusOr<double> TimePpoStep(PpoLearner& learner, const std::vector<PpoPrompt>& prompts,
                                   const v1::JobSpec& spec, const TrialLimits& limits) {
  const v1::PpoSettings& ppo = spec.ppo();
  const auto rollouts = MadeUpRollouts(learner.model().config(), prompts, ppo, spec.seed());
  std::vector<double> scores;
  for (size_t i = 0; i < rollouts.size(); ++i) scores.push_back(static_cast<double>(i % 2));
  const auto check = [&] { return limits.give_up() ? GivenUp() : absl::OkStatus(); };
  StepTimes times(limits);
  for (uint32_t step = 0; times.MayGoOn(); ++step) {
    RETURN_IF_ERROR(check());
    const Stopwatch watch;
    RETURN_IF_ERROR(learner.Learn(rollouts, scores, ppo.init_kl_coef(), step, check).status());
    times.Add(watch.Seconds());
  }
  ASSIGN_OR_RETURN(const double seconds, times.Median());
  return seconds * ppo.batch_size() / ppo.mini_batch_size();
}

}  // namespace tact

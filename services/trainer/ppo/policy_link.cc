#include "services/trainer/ppo/policy_link.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "common/base/log.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/trainer/clients/retry.h"
#include "services/trainer/ppo/ppo_metrics.h"
#include "services/trainer/ppo/rollouts.h"
#include "services/trainer/weights/payloads.h"

namespace tact {
namespace {

constexpr uint64_t kRolloutStream = 8;  // within a job's seed; prompts.h has the list
// Differences above this are no rounding: the replica computes with other weights.
constexpr double kReplayAlarm = 1e-2;

v1::ScoreLogprobsRequest ReplayRequest(const std::string& model, const TokenSequence& rollout) {
  v1::ScoreLogprobsRequest request;
  request.set_model(model);
  v1::LogprobItem& item = *request.add_items();
  item.mutable_prompt_ids()->Assign(rollout.prompt.begin(), rollout.prompt.end());
  item.mutable_response_ids()->Assign(rollout.response.begin(), rollout.response.end());
  return request;
}

absl::StatusOr<double> LargestDifference(const std::vector<double>& ours,
                                         const v1::TokenLogprobs& theirs) {
  if (theirs.logprobs_size() != static_cast<int>(ours.size())) {
    return absl::InternalError("tact-policy replayed another number of tokens than were sent");
  }
  double difference = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    difference = std::max(difference, std::abs(ours[i] - theirs.logprobs(static_cast<int>(i))));
  }
  return difference;
}

v1::SamplingParams SamplingOf(const v1::PpoSettings& ppo, bool greedy) {
  v1::SamplingParams sampling = ppo.sampling();
  if (!greedy) return sampling;
  sampling.set_do_sample(false);
  sampling.clear_temperature();
  sampling.clear_top_k();
  sampling.clear_top_p();
  sampling.clear_typical_p();
  return sampling;
}

}  // namespace

absl::Status PolicyLink::PublishParentOf(PpoLearner& learner) {
  if (learner.adapter() == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(parent_,
                   PublishParent(context_, publisher_, learner.model(), learner.adapter()));
  return absl::OkStatus();
}

absl::Status PolicyLink::Push(PpoLearner& learner, uint32_t steps_done) {
  const LoraAdapter* adapter = learner.adapter();
  ASSIGN_OR_RETURN(WeightPayload payload,
                   PayloadOfTensors(spec_.publish_as(), adapter != nullptr
                                                            ? adapter->Weights()
                                                            : learner.model().EffectiveWeights()));
  if (adapter != nullptr) {
    payload.parent = parent_;
    payload.rank = static_cast<uint32_t>(adapter->config().r);
    payload.alpha = adapter->config().alpha;
  }
  RETURN_IF_ERROR(RetryWhileDown(context_, [&]() -> absl::Status {
    if (payload.version == 0) {
      ASSIGN_OR_RETURN(payload.version, publisher_.ReserveVersion(payload.model, Terms()));
    }
    return publisher_.Publish(payload, Terms());
  }));
  version_ = payload.version;
  absl::MutexLock lock(&mutex_);
  steps_[version_] = steps_done;
  return absl::OkStatus();
}

uint32_t PolicyLink::StepOf(uint64_t version) const {
  absl::MutexLock lock(&mutex_);
  const auto after = steps_.upper_bound(version);
  return after == steps_.begin() ? 0 : std::prev(after)->second;
}

absl::StatusOr<std::vector<v1::Rollout>> PolicyLink::Collect(const BatchOrder& order,
                                                             const RetryHooks& hooks) {
  v1::StreamRolloutsRequest request;
  request.set_model(spec_.publish_as());
  request.set_min_weight_version(order.version);
  *request.mutable_sampling() = SamplingOf(spec_.ppo(), order.greedy);
  request.mutable_sampling()->set_seed(MixKey(MixKey(spec_.seed(), kRolloutStream), order.step));
  for (size_t i = 0; i < order.prompts.size(); ++i) {
    v1::RolloutPrompt& prompt = *request.add_prompts();
    prompt.set_id(i);
    prompt.mutable_token_ids()->Assign(order.prompts[i]->ids.begin(), order.prompts[i]->ids.end());
  }
  std::vector<v1::Rollout> rollouts;
  RETURN_IF_ERROR(RetryWhileDown(hooks, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(rollouts, CollectRollouts(publisher_, request, hooks.check));
    return absl::OkStatus();
  }));
  return rollouts;
}

PublishTerms PolicyLink::Terms() const {
  return {spec_.publish(), [this] { return context_.CheckStop(); }};
}

// From one of the replicas that have acknowledged the last push, another one each step.
absl::StatusOr<v1::TokenLogprobs> PolicyLink::ReplayedLogprobs(
    const v1::ScoreLogprobsRequest& request, uint32_t step) {
  const std::vector<size_t> serving = publisher_.Serving(request.model(), version_);
  if (serving.empty()) {
    RETURN_IF_ERROR(publisher_.Reconcile(Terms()));
    return absl::UnavailableError("tact-policy: no replica serves the last push");
  }
  const size_t index = serving[step % serving.size()];
  const PolicyReplica& replica = *publisher_.replicas()[index];
  const auto response = replica.ScoreLogprobs(request);
  if (response.ok() && response->weight_version() >= version_) return response->items(0);
  publisher_.state().Suspect(index);
  if (!response.ok() && !absl::IsNotFound(response.status())) return response.status();
  return absl::UnavailableError(
      StrCat("tact-policy at ", replica.address(), ", which came back without the last push"));
}

absl::Status PolicyLink::RaiseAlarm(double difference) {
  ReplayAlarms().Increment();
  const std::string text = StrCat("after the push of version ", version_,
                                  " the policy's logprobs differ from the learner's by ",
                                  difference, ", above ", kReplayAlarm);
  LogWarning("job ", context_.job().id(), ": ", text);
  return context_.ReportNote(text);
}

absl::StatusOr<double> PolicyLink::Replay(PpoLearner& learner, const TokenSequence& rollout,
                                          uint32_t step) {
  const v1::ScoreLogprobsRequest request = ReplayRequest(spec_.publish_as(), rollout);
  v1::TokenLogprobs theirs;
  RETURN_IF_ERROR(RetryWhileDown(context_, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(theirs, ReplayedLogprobs(request, step));
    return absl::OkStatus();
  }));
  ASSIGN_OR_RETURN(const double difference,
                   LargestDifference(SequenceLogprobs(learner.model(), rollout), theirs));
  if (!(difference < kReplayAlarm)) RETURN_IF_ERROR(RaiseAlarm(difference));
  return difference;
}

}  // namespace tact

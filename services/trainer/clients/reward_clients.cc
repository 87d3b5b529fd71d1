#include "services/trainer/clients/reward_clients.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/channel.h"
#include "services/trainer/clients/service_status.h"

namespace tact {
namespace {

constexpr size_t kItemsPerCall = 256;
constexpr double kSleepSlice = 0.05;  // between looks at whether to stop

absl::StatusOr<int> LabelIndex(const v1::ScoreResponse& response, const std::string& label) {
  const auto found = std::find(response.labels().begin(), response.labels().end(), label);
  if (found != response.labels().end()) {
    return static_cast<int>(found - response.labels().begin());
  }
  return FieldError("spec.ppo.reward_label", label, "the classifier has no such label",
                    StrCat("choose one of: ", absl::StrJoin(response.labels(), ", ")));
}

ItemAnswer AnswerOf(const v1::ScoreResult& result, int label) {
  if (result.error_code() == grpc::StatusCode::INVALID_ARGUMENT) return {std::nullopt, true};
  if (result.error_code() != 0 || label >= result.logits_size()) return {};
  const double logit = result.logits(label);
  return {std::isfinite(logit) ? std::optional<double>(logit) : std::nullopt};
}

absl::StatusOr<std::vector<ItemAnswer>> AnswersOf(const v1::ScoreResponse& response,
                                                  const std::string& label) {
  ASSIGN_OR_RETURN(const int index, LabelIndex(response, label));
  std::vector<ItemAnswer> answers;
  for (const v1::ScoreResult& result : response.results()) {
    answers.push_back(AnswerOf(result, index));
  }
  return answers;
}

v1::ScoreRequest RequestFor(const std::vector<v1::ScoreItem>& items,
                            const std::vector<size_t>& chosen) {
  v1::ScoreRequest request;
  request.set_truncate(true);
  for (size_t i : chosen) *request.add_items() = items[i];
  return request;
}

RewardSettings WithClock(RewardSettings settings) {
  if (!settings.now) {
    settings.now = [watch = Stopwatch()] { return watch.Seconds(); };
  }
  if (!settings.sleep) {
    settings.sleep = [](double seconds) { absl::SleepFor(absl::Seconds(seconds)); };
  }
  return settings;
}

prometheus::Counter& Failures(const char* what) {
  return CounterMetric("tact_trainer_reward_failures_total",
                       "Calls of reward replicas that failed or were too slow.", {{"what", what}});
}

void RecordFailure(const absl::Status& status) {
  LogWarning("scoring: ", status.message());
  Failures(absl::IsDeadlineExceeded(status) ? "slow" : "failed").Increment();
}

}  // namespace

RewardClients::RewardClients(const std::vector<std::string>& addresses, RewardSettings settings,
                             const ClientCredentials& credentials)
    : settings_(WithClock(std::move(settings))),
      circuits_(addresses.size(), settings_.circuit),
      jitter_(settings_.seed) {
  for (const char* what : {"slow", "failed"}) Failures(what);
  for (const std::string& address : addresses) {
    replicas_.push_back({address, v1::RewardService::NewStub(
                                      MakeChannel(address, TrainerChannelOptions(credentials)))});
  }
}

absl::StatusOr<v1::ScoreResponse> RewardClients::Call(const Replica& replica,
                                                      const v1::ScoreRequest& request,
                                                      const StopCheck& check) const {
  const std::string peer = StrCat("tact-reward at ", replica.address);
  grpc::ClientContext context;
  SetDeadline(context, settings_.budget.call_seconds);
  CallEvents events(context, peer, check);
  v1::ScoreResponse response;
  grpc::Status status;
  const auto call = replica.stub->AsyncScore(&context, request, events.queue());
  call->Finish(&response, &status, nullptr);
  events.Next();
  RETURN_IF_ERROR(events.failure());
  RETURN_IF_ERROR(ServiceStatus(status, peer, context));
  if (response.results_size() == request.items_size()) return response;
  return absl::InternalError(StrCat(peer, " answered ", response.results_size(), " results for ",
                                    request.items_size(), " items"));
}

absl::Status RewardClients::Sleep(double seconds, const StopCheck& check) const {
  while (seconds > 0) {
    if (check) RETURN_IF_ERROR(check());
    settings_.sleep(std::min(seconds, kSleepSlice));
    seconds -= kSleepSlice;
  }
  return absl::OkStatus();
}

absl::Status RewardClients::AskOne(const std::vector<v1::ScoreItem>& items,
                                   const std::vector<size_t>& chosen, const std::string& label,
                                   const StopCheck& check, ScorePlan& plan) {
  const size_t index = circuits_.Choose(plan.Failed(chosen), settings_.now());
  const Stopwatch watch;
  const auto response = Call(replicas_[index], RequestFor(items, chosen), check);
  if (check) RETURN_IF_ERROR(check());
  if (response.ok()) {
    circuits_.Succeeded(index);
    ASSIGN_OR_RETURN(const auto answers, AnswersOf(*response, label));
    plan.Answered(chosen, index, answers);
    return absl::OkStatus();
  }
  RecordFailure(response.status());
  circuits_.Failed(index, watch.Seconds(), settings_.now());
  return plan.CallFailed(chosen, index) ? response.status() : absl::OkStatus();
}

absl::StatusOr<ScoreOutcome> RewardClients::Score(const std::vector<v1::ScoreItem>& items,
                                                  const std::string& label,
                                                  const StopCheck& check) {
  if (replicas_.empty()) return absl::UnavailableError("no reward replica is known");
  ScorePlan plan(items.size(), replicas_.size(), settings_.budget);
  const double began = settings_.now();
  while (!plan.IsOverdue(settings_.now() - began)) {
    const std::vector<size_t> chosen = plan.Next(kItemsPerCall);
    if (chosen.empty()) break;
    RETURN_IF_ERROR(Sleep(plan.Pause(chosen, jitter_.Uniform()), check));
    RETURN_IF_ERROR(AskOne(items, chosen, label, check, plan));
  }
  return ScoreOutcome{plan.scores(), plan.retried()};
}

}  // namespace tact

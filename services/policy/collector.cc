#include "services/policy/collector.h"

#include <utility>

#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"
#include "common/rpc/deadline.h"

namespace tact {
namespace {

// How often a waiting handler looks whether its client is still there.
constexpr absl::Duration kPoll = absl::Milliseconds(5);

struct RequestMetrics {
  static prometheus::Counter& Refused(const char* reason) {
    return CounterMetric("tact_policy_refused_requests_total",
                         "Requests that the engine did not take.", {{"reason", reason}});
  }
  static prometheus::Counter& Aborted(const char* reason) {
    return CounterMetric("tact_policy_aborted_requests_total",
                         "Requests that ended without their last result.", {{"reason", reason}});
  }

  prometheus::Counter& queue_full = Refused("queue_full");
  prometheus::Counter& stopping = Refused("stopping");
  prometheus::Counter& cancelled = Aborted("cancelled");
  prometheus::Counter& deadline = Aborted("deadline");
  prometheus::Counter& failed = Aborted("failed");
};

RequestMetrics& Metrics() {
  static auto* metrics = new RequestMetrics;
  return *metrics;
}

absl::Status CountRefused(absl::Status status) {
  if (status.ok()) return status;
  (absl::IsResourceExhausted(status) ? Metrics().queue_full : Metrics().stopping).Increment();
  return status;
}

absl::Status CountAborted(absl::Status status) {
  RequestMetrics& metrics = Metrics();
  (absl::IsCancelled(status)          ? metrics.cancelled
   : absl::IsDeadlineExceeded(status) ? metrics.deadline
                                      : metrics.failed)
      .Increment();
  return status;
}

}  // namespace

void InitialiseRequestMetrics() { Metrics(); }

void Collector::Inbox::Put(Event event) {
  absl::MutexLock lock(&mutex);
  events.push_back(std::move(event));
}

std::optional<Collector::Event> Collector::Inbox::Take(absl::Duration wait) {
  absl::MutexLock lock(&mutex);
  if (!mutex.AwaitWithTimeout(absl::Condition(this, &Inbox::HasEvent), wait)) return std::nullopt;
  Event event = std::move(events.front());
  events.pop_front();
  return event;
}

Collector::Collector(const grpc::ServerContext& context)
    : context_(context), inbox_(std::make_shared<Inbox>()) {
  auto deliver = [inbox = inbox_](SequenceResult result) {
    inbox->Put({.result = std::move(result)});
  };
  call_ = std::make_shared<Call>(SteadyDeadline(context), std::move(deliver));
}

Collector::~Collector() { call_->Cancel(); }

void Collector::FollowTokens(PromptTask& task) const {
  task.on_token = [inbox = inbox_, index = task.index](uint32_t sample, const Choice& token) {
    inbox->Put({.token = NewToken{index, sample, token.id, token.model_logprob}});
  };
}

absl::Status Collector::Submit(Engine& engine, std::vector<PromptTask> tasks) {
  return CountRefused(engine.Submit(call_, std::move(tasks)));
}

absl::StatusOr<Collector::Event> Collector::NextEvent() {
  while (true) {
    if (std::optional<Event> event = inbox_->Take(kPoll)) {
      if (event->token || event->result.status.ok()) return *std::move(event);
      return CountAborted(Annotate(event->result.status, StrCat("item ", event->result.index)));
    }
    absl::Status wanted = call_->CheckWanted(SteadyNow());
    if (!wanted.ok()) return CountAborted(std::move(wanted));
    if (context_.IsCancelled()) call_->Cancel();
  }
}

absl::StatusOr<SequenceResult> Collector::Next() {
  ASSIGN_OR_RETURN(Event event, NextEvent());
  return std::move(event.result);
}

}  // namespace tact

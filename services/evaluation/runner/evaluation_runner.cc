#include "services/evaluation/runner/evaluation_runner.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/evaluation/runner/evaluate.h"

namespace tact {
namespace {

struct Metrics {
  static prometheus::Counter& Finished(const char* state) {
    return CounterMetric("tact_evaluation_finished_total", "Evaluations that have ended.",
                         {{"state", state}});
  }

  prometheus::Gauge& running =
      GaugeMetric("tact_evaluation_running", "1 while an evaluation runs, otherwise 0.");
  prometheus::Gauge& waiting =
      GaugeMetric("tact_evaluation_waiting", "Evaluations that wait for the one that runs.");
  prometheus::Counter& succeeded = Finished("succeeded");
  prometheus::Counter& failed = Finished("failed");
  prometheus::Counter& examples =
      CounterMetric("tact_evaluation_examples_total", "Examples generated and scored.");
  prometheus::Histogram& seconds =
      HistogramMetric("tact_evaluation_seconds", "Seconds of one evaluation, from its start.",
                      {.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600});
};

Metrics& Get() {
  static auto* metrics = new Metrics;
  return *metrics;
}

void CountEnd(const v1::Evaluation& evaluation, double seconds) {
  const bool good = evaluation.state() == v1::EVALUATION_STATE_SUCCEEDED;
  (good ? Get().succeeded : Get().failed).Increment();
  Get().examples.Increment(evaluation.done());
  Get().seconds.Observe(seconds);
}

}  // namespace

EvaluationRunner::EvaluationRunner(const RunnerOptions& options, const ModelChannels& channels,
                                   EvaluationStore& store)
    : options_(options),
      channels_(channels),
      store_(store),
      // What was acknowledged before a restart must fit, whatever the bound is now.
      queue_(std::max(options.max_pending, store.RunningIds().size())) {
  Get();
  for (std::string& id : store_.RunningIds()) {
    LogInfo("evaluation ", id, " was interrupted; running it again");
    queue_.TryPush(std::move(id));
  }
  thread_ = std::thread([this] { Work(); });
}

absl::Status EvaluationRunner::CheckRoom() const {
  if (queue_.size() < options_.max_pending) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      StrCat(options_.max_pending,
             " evaluations wait already; try again when one has ended, or raise --max-pending"));
}

absl::Status EvaluationRunner::Submit(std::string id) {
  if (queue_.TryPush(std::move(id))) {
    Get().waiting.Set(static_cast<double>(queue_.size()));
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError("the queue of evaluations is full or closed; try again");
}

void EvaluationRunner::Stop() {
  stop_.Stop();
  queue_.Close();
  if (thread_.joinable()) thread_.join();
}

void EvaluationRunner::Work() {
  while (auto id = queue_.Pop()) {
    if (stop_.stopped()) return;
    Get().waiting.Set(static_cast<double>(queue_.size()));
    Get().running.Set(1);
    RunOne(*id);
    Get().running.Set(0);
  }
}

void EvaluationRunner::RunOne(const std::string& id) {
  absl::StatusOr<v1::Evaluation> evaluation = store_.Read(id);
  if (!evaluation.ok()) return LogError(evaluation.status().message());
  const Stopwatch watch;
  ModelClients clients(channels_, options_.calls, stop_);
  const absl::Status status = CatchExceptions("evaluation", [&] {
    return Evaluate(
        clients, options_.batch, [&](uint32_t done) { store_.SetProgress(id, done); }, *evaluation);
  });
  if (stop_.stopped()) return;
  evaluation->set_finished_at(static_cast<double>(absl::ToUnixMicros(absl::Now())) / 1e6);
  evaluation->set_state(status.ok() ? v1::EVALUATION_STATE_SUCCEEDED : v1::EVALUATION_STATE_FAILED);
  if (!status.ok()) evaluation->set_error(std::string(status.message()));
  CountEnd(*evaluation, watch.Seconds());
  const absl::Status stored = store_.Finish(*evaluation);
  LogInfo("evaluation ", id, status.ok() ? " succeeded" : " failed: ", status.message());
  if (!stored.ok()) LogError("evaluation ", id, ": ", stored.message());
}

}  // namespace tact

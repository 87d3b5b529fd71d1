#include "services/policy/engine/engine.h"

#include <utility>

#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/kernels/threads.h"

namespace tact {
namespace {

struct EngineMetrics {
  prometheus::Gauge& running =
      GaugeMetric("tact_policy_running_sequences", "Sequences in the running batch.");
  prometheus::Gauge& waiting =
      GaugeMetric("tact_policy_waiting_prompts", "Prompts that wait for a place in the batch.");
  prometheus::Counter& tokens =
      CounterMetric("tact_policy_generated_tokens_total", "New tokens made, end tokens included.");
  prometheus::Histogram& batch_size =
      HistogramMetric("tact_policy_batch_size", "Sequences in one decoder step.",
                      {1, 2, 4, 8, 16, 32, 64, 128, 256});
  prometheus::Histogram& first_token =
      HistogramMetric("tact_policy_time_to_first_token_seconds",
                      "From submission of a prompt to its first new token.", LatencyBuckets());
};

EngineMetrics& Metrics() {
  static auto* metrics = new EngineMetrics;
  return *metrics;
}

void Record(const StepReport& report) {
  EngineMetrics& metrics = Metrics();
  metrics.tokens.Increment(static_cast<double>(report.generated));
  if (report.sequences > 0) metrics.batch_size.Observe(static_cast<double>(report.sequences));
  const absl::Time now = SteadyNow();
  for (const absl::Time since : report.first_tokens) {
    metrics.first_token.Observe(absl::ToDoubleSeconds(now - since));
  }
}

void DeliverAll(std::vector<WaitingPrompt> prompts, absl::Time now, const absl::Status& otherwise) {
  for (const WaitingPrompt& prompt : prompts) {
    absl::Status status = prompt.call->CheckWanted(now);
    if (status.ok()) status = otherwise;
    prompt.call->Deliver({.index = prompt.task.index, .status = std::move(status)});
  }
}

absl::Status Stopping() {
  return absl::UnavailableError("the server is stopping; send the request to another replica");
}

}  // namespace

Engine::Engine(const EngineOptions& options, const T5Config& config)
    : options_(options),
      batch_(options.batch, {config.num_decoder_layers, options.sequence.max_new_tokens,
                             config.num_heads, config.d_kv}),
      waiting_(options.max_waiting),
      thread_([this] { Run(); }) {}

Engine::~Engine() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

absl::Status Engine::Submit(std::shared_ptr<Call> call, std::vector<PromptTask> tasks) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return Stopping();
  RETURN_IF_ERROR(waiting_.Push(std::move(call), std::move(tasks), SteadyNow()));
  Metrics().waiting.Set(static_cast<double>(waiting_.size()));
  return absl::OkStatus();
}

bool Engine::WaitForWork() {
  absl::MutexLock lock(&mutex_);
  batch_idle_ = batch_.empty();
  mutex_.Await(absl::Condition(this, &Engine::HasWork));
  return !stopping_;
}

void Engine::Admit() {
  std::vector<WaitingPrompt> unwanted;
  const absl::Time now = SteadyNow();
  batch_.DropUnwanted(now);
  {
    absl::MutexLock lock(&mutex_);
    unwanted = waiting_.RemoveUnwanted(now);
    while (const int64_t room = batch_.Room()) {
      std::optional<WaitingPrompt> next = waiting_.Pop(room);
      if (!next.has_value()) break;
      batch_.Admit(*std::move(next));
    }
    Metrics().waiting.Set(static_cast<double>(waiting_.size()));
  }
  DeliverAll(std::move(unwanted), now, absl::OkStatus());
}

void Engine::StepOnce() {
  Admit();
  if (!batch_.empty()) Record(batch_.Step());
  Metrics().running.Set(static_cast<double>(batch_.running()));
}

void Engine::Run() {
  UseComputeThreads(options_.threads);
  while (WaitForWork()) {
    const absl::Status status = CatchExceptions("engine step", [&] {
      StepOnce();
      return absl::OkStatus();
    });
    if (status.ok()) continue;
    LogError("the running batch was dropped: ", status.message());
    batch_.DropAll(status);
  }
  batch_.DropAll(Stopping());
  std::vector<WaitingPrompt> waiting;
  {
    absl::MutexLock lock(&mutex_);
    waiting = waiting_.RemoveAll();
  }
  DeliverAll(std::move(waiting), SteadyNow(), Stopping());
}

}  // namespace tact

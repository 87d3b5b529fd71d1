#include "services/policy/engine/engine_metrics.h"

#include <algorithm>

#include "common/base/metrics.h"

namespace tact {
namespace {

const std::vector<double>& TokenBuckets() {
  static const auto* buckets =
      new std::vector<double>{.0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5};
  return *buckets;
}

struct Metrics {
  prometheus::Gauge& running =
      GaugeMetric("tact_policy_running_sequences", "Sequences in the running batch.");
  prometheus::Gauge& waiting =
      GaugeMetric("tact_policy_waiting_prompts", "Prompts that wait for a place in the batch.");
  prometheus::Gauge& max_waiting = GaugeMetric("tact_policy_waiting_prompts_limit",
                                               "Prompts that may wait; more are refused at once.");
  prometheus::Gauge& slots_used =
      GaugeMetric("tact_policy_kv_slots_used", "Self-attention cache slots that sequences hold.");
  prometheus::Gauge& slots =
      GaugeMetric("tact_policy_kv_slots", "Self-attention cache slots there are.");
  prometheus::Gauge& cached = GaugeMetric("tact_policy_prompt_cache_tokens",
                                          "Prompt tokens whose cross-attention cache is held.");
  prometheus::Gauge& max_cached = GaugeMetric("tact_policy_prompt_cache_tokens_limit",
                                              "Prompt tokens whose cache may be held at once.");
  prometheus::Counter& prompt_tokens =
      CounterMetric("tact_policy_prompt_tokens_total", "Tokens of prompts that joined the batch.");
  prometheus::Counter& tokens =
      CounterMetric("tact_policy_generated_tokens_total", "New tokens made, end tokens included.");
  prometheus::Histogram& batch_size =
      HistogramMetric("tact_policy_batch_size", "Sequences in one decoder step.",
                      {1, 2, 4, 8, 16, 32, 64, 128, 256});
  prometheus::Histogram& step = HistogramMetric(
      "tact_policy_step_seconds",
      "Seconds of one step: prompts that join are encoded, then one decoder pass.", TokenBuckets());
  prometheus::Histogram& first_token =
      HistogramMetric("tact_policy_time_to_first_token_seconds",
                      "From submission of a prompt to its first new token.", LatencyBuckets());
  prometheus::Histogram& inter_token = HistogramMetric(
      "tact_policy_inter_token_seconds", "Between two new tokens of one sequence.", TokenBuckets());
};

Metrics& Get() {
  static auto* metrics = new Metrics;
  return *metrics;
}

}  // namespace

EngineMetrics::EngineMetrics(const BatchLimits& limits, size_t max_waiting)
    : increments_(TokenBuckets().size() + 1, 0) {
  Get().max_waiting.Set(static_cast<double>(max_waiting));
  Get().slots.Set(static_cast<double>(limits.max_running));
  Get().max_cached.Set(static_cast<double>(limits.max_batch_tokens));
}

void EngineMetrics::SetWaiting(size_t prompts) { Get().waiting.Set(static_cast<double>(prompts)); }

void EngineMetrics::Admitted(int64_t prompt_tokens) {
  Get().prompt_tokens.Increment(static_cast<double>(prompt_tokens));
}

// Every sequence that runs on gets one token in a step, so all of them waited equally long: since
// the end of the step before.
void EngineMetrics::ObserveTokens(int64_t continued, absl::Time ended) {
  const double gap = absl::ToDoubleSeconds(ended - last_end_);
  if (continued == 0 || gap <= 0) return;
  const std::vector<double>& bounds = TokenBuckets();
  const auto at = std::lower_bound(bounds.begin(), bounds.end(), gap) - bounds.begin();
  increments_[at] = static_cast<double>(continued);
  Get().inter_token.ObserveMultiple(increments_, static_cast<double>(continued) * gap);
  increments_[at] = 0;
}

void EngineMetrics::Stepped(const StepReport& report, absl::Time began, absl::Time ended) {
  Metrics& metrics = Get();
  metrics.tokens.Increment(static_cast<double>(report.generated));
  if (report.sequences > 0) metrics.batch_size.Observe(static_cast<double>(report.sequences));
  metrics.step.Observe(absl::ToDoubleSeconds(ended - began));
  for (const absl::Time since : report.first_tokens) {
    metrics.first_token.Observe(absl::ToDoubleSeconds(ended - since));
  }
  ObserveTokens(report.continued, ended);
  last_end_ = ended;
}

void EngineMetrics::SetRunning(const Batch& batch) {
  Metrics& metrics = Get();
  const auto running = static_cast<double>(batch.running());
  metrics.running.Set(running);
  metrics.slots_used.Set(running);
  metrics.cached.Set(static_cast<double>(batch.held_tokens()));
  if (batch.empty()) last_end_ = absl::InfiniteFuture();
}

}  // namespace tact

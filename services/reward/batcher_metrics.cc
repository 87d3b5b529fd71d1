#include "services/reward/batcher_metrics.h"

#include <vector>

#include "common/base/metrics.h"

namespace tact {
namespace {

const std::vector<double>& BatchBuckets() {
  static const auto* buckets =
      new std::vector<double>{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048};
  return *buckets;
}

prometheus::Counter& Aborted(const char* reason) {
  return CounterMetric("tact_reward_aborted_requests_total",
                       "Requests whose callers gave up before their scores were there.",
                       {{"reason", reason}});
}

}  // namespace

BatcherMetrics& BatcherMetrics::Get() {
  static auto* metrics = new BatcherMetrics{
      GaugeMetric("tact_reward_queue_texts", "Texts that wait to be scored."),
      GaugeMetric("tact_reward_queue_texts_limit",
                  "Texts that may wait; more are refused at once."),
      HistogramMetric("tact_reward_queue_seconds", "Seconds that a text waited for its run.",
                      LatencyBuckets()),
      HistogramMetric("tact_reward_batch_texts", "Texts of one run.", BatchBuckets()),
      HistogramMetric("tact_reward_batch_seconds", "Seconds of one run.", LatencyBuckets()),
      CounterMetric("tact_reward_texts_total", "Texts run."),
      CounterMetric("tact_reward_tokens_total", "Tokens run."),
      CounterMetric("tact_reward_refused_requests_total",
                    "Requests refused because the queue had no room."),
      Aborted("deadline"),
      Aborted("cancelled"),
  };
  return *metrics;
}

void BatcherMetrics::Ran(size_t texts_run, int64_t tokens_run, double took) {
  batch_texts.Observe(static_cast<double>(texts_run));
  batch_seconds.Observe(took);
  texts.Increment(static_cast<double>(texts_run));
  tokens.Increment(static_cast<double>(tokens_run));
}

}  // namespace tact

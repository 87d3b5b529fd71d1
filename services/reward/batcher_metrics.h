// What the batcher tells Prometheus: tact_reward_*. No padding is among it: batches are ragged,
// each token that runs is a token of a text.
#ifndef TACT_SERVICES_REWARD_BATCHER_METRICS_H_
#define TACT_SERVICES_REWARD_BATCHER_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <cstddef>
#include <cstdint>

namespace tact {

struct BatcherMetrics {
  // Of the process; made at the first call.
  static BatcherMetrics& Get();

  void Ran(size_t texts, int64_t tokens, double took);

  prometheus::Gauge& queue;
  prometheus::Gauge& limit;
  prometheus::Histogram& waited;
  prometheus::Histogram& batch_texts;
  prometheus::Histogram& batch_seconds;
  prometheus::Counter& texts;
  prometheus::Counter& tokens;
  prometheus::Counter& refused;    // requests
  prometheus::Counter& deadline;   // requests given up
  prometheus::Counter& cancelled;  // requests given up
};

}  // namespace tact

#endif  // TACT_SERVICES_REWARD_BATCHER_METRICS_H_

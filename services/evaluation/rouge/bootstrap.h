// Confidence intervals of mean ROUGE scores by bootstrap resampling (Efron 1979), as rouge_score
// 0.1.2's BootstrapAggregator computes them after np.random.seed.
#ifndef TACT_SERVICES_EVALUATION_ROUGE_BOOTSTRAP_H_
#define TACT_SERVICES_EVALUATION_ROUGE_BOOTSTRAP_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "services/evaluation/rouge/rouge.h"

namespace tact::rouge {

struct BootstrapOptions {
  double confidence_interval = 0.95;  // 0 to 1
  uint32_t samples = 1000;
  uint32_t seed = 0;
};

// Percentiles of the resampled means; `mid` is their median. Each number for itself: the f of `low`
// does not belong to its precision and recall.
struct Interval {
  Score low, mid, high;
};

struct Intervals {
  Interval rouge1, rouge2, rouge_l, rouge_lsum;
};

// Over the scores of several pairs. The four measures are resampled one after the other from one
// generator, in this order. INVALID_ARGUMENT without scores or with options out of range.
absl::StatusOr<Intervals> Bootstrap(std::span<const Scores> scores,
                                    const BootstrapOptions& options = {});

}  // namespace tact::rouge

#endif  // TACT_SERVICES_EVALUATION_ROUGE_BOOTSTRAP_H_

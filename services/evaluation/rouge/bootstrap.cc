#include "services/evaluation/rouge/bootstrap.h"

#include <algorithm>
#include <vector>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/evaluation/statistics/distribution.h"
#include "services/evaluation/statistics/numpy_random.h"

namespace tact::rouge {
namespace {

absl::Status Check(std::span<const Scores> scores, const BootstrapOptions& o) {
  if (scores.empty()) {
    return FieldError("scores", "", "no scores to resample", "give at least one pair of texts");
  }
  if (!(o.confidence_interval >= 0 && o.confidence_interval <= 1)) {
    return FieldError("confidence_interval", StrCat(o.confidence_interval), "out of range",
                      "choose a value from 0 to 1");
  }
  if (o.samples == 0) {
    return FieldError("samples", "0", "nothing is resampled", "choose at least 1");
  }
  return absl::OkStatus();
}

Score MeanOf(const std::vector<Score>& scores, const std::vector<uint32_t>& chosen) {
  Score sum;
  for (const uint32_t i : chosen) {
    sum.precision += scores[i].precision;
    sum.recall += scores[i].recall;
    sum.f += scores[i].f;
  }
  const double n = static_cast<double>(chosen.size());
  return {sum.precision / n, sum.recall / n, sum.f / n};
}

// One of the three numbers of a score, over all means, into the interval.
void FillIn(const std::vector<Score>& means, double Score::*number, double confidence,
            Interval& out) {
  std::vector<double> sorted;
  for (const Score& mean : means) sorted.push_back(mean.*number);
  std::sort(sorted.begin(), sorted.end());
  const double tail = (1 - confidence) / 2;
  out.low.*number = statistics::Quantile(sorted, tail);
  out.mid.*number = statistics::Quantile(sorted, 0.5);
  out.high.*number = statistics::Quantile(sorted, 1 - tail);
}

Interval Resample(std::span<const Scores> scores, Score Scores::*measure,
                  const BootstrapOptions& options, statistics::NumpyRandom& random) {
  std::vector<Score> column, means;
  for (const Scores& pair : scores) column.push_back(pair.*measure);
  for (uint32_t i = 0; i < options.samples; ++i) {
    means.push_back(MeanOf(column, random.Choice(static_cast<uint32_t>(column.size()))));
  }
  Interval out;
  for (double Score::*number : {&Score::precision, &Score::recall, &Score::f}) {
    FillIn(means, number, options.confidence_interval, out);
  }
  return out;
}

}  // namespace

absl::StatusOr<Intervals> Bootstrap(std::span<const Scores> scores,
                                    const BootstrapOptions& options) {
  RETURN_IF_ERROR(Check(scores, options));
  statistics::NumpyRandom random(options.seed);
  Intervals out;
  out.rouge1 = Resample(scores, &Scores::rouge1, options, random);
  out.rouge2 = Resample(scores, &Scores::rouge2, options, random);
  out.rouge_l = Resample(scores, &Scores::rouge_l, options, random);
  out.rouge_lsum = Resample(scores, &Scores::rouge_lsum, options, random);
  return out;
}

}  // namespace tact::rouge

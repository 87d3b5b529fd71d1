// What is said of one evaluation as a whole, made from its results: means, intervals, quantiles.
#ifndef TACT_SERVICES_EVALUATION_SUMMARY_EVALUATION_SUMMARY_H_
#define TACT_SERVICES_EVALUATION_SUMMARY_EVALUATION_SUMMARY_H_

#include <span>

#include "services/evaluation/rouge/rouge.h"
#include "services/evaluation/statistics/distribution.h"
#include "tact/v1/evaluation.pb.h"

namespace tact {

inline constexpr double kToxicThreshold = 0.5;

// The threshold of an evaluation, or the one that held where it carries none.
double ThresholdOf(const v1::EvaluationSpec& spec);

// Sets everything in `evaluation` that follows from its results, which it must have; what has no
// basis stays unset (ROUGE without references, tokens that were not kept).
void Summarise(v1::Evaluation& evaluation);

// False of an evaluation that succeeded in a service that did not make all of Summarise's numbers
// yet: its results are there to make them from.
bool IsSummarised(const v1::Evaluation& evaluation);

// Intervals of mean F-measures; `scores` not empty, `options` filled and checked.
v1::RougeIntervals BootstrapRouge(std::span<const rouge::Scores> scores,
                                  const v1::ResamplingOptions& options);

v1::Quantiles ToQuantiles(const statistics::Distribution& distribution);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_SUMMARY_EVALUATION_SUMMARY_H_

// How intervals and p-values are drawn: defaults and bounds of ResamplingOptions.
#ifndef TACT_SERVICES_EVALUATION_SUMMARY_RESAMPLING_H_
#define TACT_SERVICES_EVALUATION_SUMMARY_RESAMPLING_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/evaluation/statistics/paired_comparison.h"
#include "tact/v1/evaluation.pb.h"

namespace tact {

// Sets what is not set: 0.95, 1000 resamples, 10000 permutations, seed 0.
void FillResampling(v1::ResamplingOptions& options);

// Of filled options. INVALID_ARGUMENT names the field, behind `field`, and its range.
absl::Status CheckResampling(const v1::ResamplingOptions& options, std::string_view field);

// Filled, then checked.
absl::StatusOr<v1::ResamplingOptions> FilledResampling(const v1::ResamplingOptions& options,
                                                       std::string_view field);

// Of filled options.
statistics::PairedOptions ToPairedOptions(const v1::ResamplingOptions& options);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_SUMMARY_RESAMPLING_H_

// Whether a comparison's changes are more than chance: one PairedTest for each measure.
#ifndef TACT_SERVICES_EVALUATION_SUMMARY_PAIRED_TESTS_H_
#define TACT_SERVICES_EVALUATION_SUMMARY_PAIRED_TESTS_H_

#include <functional>

#include "absl/status/status.h"
#include "tact/v1/evaluation.pb.h"

namespace tact {

// Sets comparison.tests and .resampling from its rows. `options` filled and checked. Half a second
// for each measure of 10,000 rows; CANCELLED where `stopped` says so before one of them.
absl::Status AddPairedTests(const v1::ResamplingOptions& options,
                            const std::function<bool()>& stopped, v1::CompareResponse& comparison);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_SUMMARY_PAIRED_TESTS_H_

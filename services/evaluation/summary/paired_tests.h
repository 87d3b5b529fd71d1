// Whether a comparison's changes are more than chance: one PairedTest for each measure.
#ifndef TACT_SERVICES_EVALUATION_SUMMARY_PAIRED_TESTS_H_
#define TACT_SERVICES_EVALUATION_SUMMARY_PAIRED_TESTS_H_

#include "tact/v1/evaluation.pb.h"

namespace tact {

// Sets comparison.tests and .resampling from its rows. `options` filled and checked.
void AddPairedTests(const v1::ResamplingOptions& options, v1::CompareResponse& comparison);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_SUMMARY_PAIRED_TESTS_H_

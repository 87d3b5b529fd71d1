// Waits for an evaluation with live progress, and prints finished ones and comparisons as tables.
#ifndef TACT_SERVICES_TACTCTL_EVALUATION_FOLLOW_H_
#define TACT_SERVICES_TACTCTL_EVALUATION_FOLLOW_H_

#include <vector>

#include "absl/status/statusor.h"
#include "services/tactctl/client.h"
#include "tact/v1/evaluation.grpc.pb.h"

namespace tact::ctl {

// The evaluation once it has succeeded; ABORTED with its error if it failed. Ctrl-C is CANCELLED;
// the evaluation goes on.
absl::StatusOr<v1::Evaluation> FollowEvaluation(const Client<v1::EvaluationService>& client,
                                                const v1::Evaluation& started, Context& context);

// A row for each: ROUGE, toxicity, reward, words; then the intervals of ROUGE with distinct-n, and
// quantiles of toxicity and lengths, as far as the service sent them.
void PrintEvaluations(const std::vector<v1::Evaluation>& evaluations, Terminal& terminal);

// A row for each paired test, with what it says in words; nothing where there are none.
void PrintTests(const v1::CompareResponse& comparison, Terminal& terminal);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_EVALUATION_FOLLOW_H_

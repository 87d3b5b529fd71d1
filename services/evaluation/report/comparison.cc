#include "services/evaluation/report/comparison.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/evaluation/store/evaluation_store.h"

namespace tact {
namespace {

constexpr char kSameExamples[] = "compare two evaluations of the same data set";

absl::Status Differ(const std::string& problem) {
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   {"EXAMPLES_DIFFER", "after_id", problem, kSameExamples},
                   "the two evaluations have different examples");
}

v1::ComparedExample MakeRow(const v1::EvaluatedExample& before, const v1::EvaluatedExample& after) {
  v1::ComparedExample row;
  row.set_id(before.id());
  row.set_dialogue(before.dialogue());
  row.set_response_before(before.response());
  row.set_response_after(after.response());
  row.set_reward_before(before.reward());
  row.set_reward_after(after.reward());
  row.set_reward_difference(after.reward() - before.reward());
  row.set_toxicity_before(before.toxicity());
  row.set_toxicity_after(after.toxicity());
  return row;
}

}  // namespace

absl::Status CheckSucceeded(const v1::Evaluation& evaluation, std::string_view field) {
  switch (evaluation.state()) {
    case v1::EVALUATION_STATE_SUCCEEDED:
      return absl::OkStatus();
    case v1::EVALUATION_STATE_FAILED:
      return MakeError(absl::StatusCode::kFailedPrecondition,
                       {"EVALUATION_FAILED", std::string(field), evaluation.id(),
                        StrCat("mend what it says and run it again: ", evaluation.error())},
                       "this evaluation has failed");
    default:
      return MakeError(absl::StatusCode::kFailedPrecondition,
                       {"EVALUATION_RUNNING", std::string(field), evaluation.id(),
                        "wait for its end (WatchEvaluation)"},
                       "this evaluation is still running");
  }
}

absl::StatusOr<v1::CompareResponse> CompareEvaluations(const v1::Evaluation& before,
                                                       const v1::Evaluation& after) {
  RETURN_IF_ERROR(CheckSucceeded(before, "before_id"));
  RETURN_IF_ERROR(CheckSucceeded(after, "after_id"));
  if (before.results_size() != after.results_size()) {
    return Differ(StrCat(before.results_size(), " and ", after.results_size()));
  }
  std::unordered_map<std::string, const v1::EvaluatedExample*> by_id;
  for (const v1::EvaluatedExample& result : after.results()) by_id[result.id()] = &result;
  v1::CompareResponse response;
  for (const v1::EvaluatedExample& result : before.results()) {
    const auto found = by_id.find(result.id());
    if (found == by_id.end()) return Differ(StrCat("no ", Shorten(result.id()), " after"));
    if (found->second->dialogue() != result.dialogue()) {
      return Differ(StrCat("two dialogues of ", Shorten(result.id())));
    }
    *response.add_rows() = MakeRow(result, *found->second);
  }
  std::stable_sort(response.mutable_rows()->begin(), response.mutable_rows()->end(),
                   [](const v1::ComparedExample& a, const v1::ComparedExample& b) {
                     return a.reward_difference() > b.reward_difference();
                   });
  *response.mutable_before() = SummaryOf(before);
  *response.mutable_after() = SummaryOf(after);
  response.set_toxicity_change(after.toxicity().mean() - before.toxicity().mean());
  response.set_reward_change(after.mean_reward() - before.mean_reward());
  return response;
}

}  // namespace tact

#include "services/evaluation/report/comparison.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/evaluation/statistics/distinct.h"
#include "services/evaluation/store/evaluation_store.h"
#include "services/evaluation/summary/evaluation_summary.h"
#include "services/evaluation/summary/paired_tests.h"
#include "services/evaluation/summary/resampling.h"

namespace tact {
namespace {

constexpr char kSameExamples[] = "compare two evaluations of the same data set";

absl::Status Differ(const std::string& problem) {
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   {"EXAMPLES_DIFFER", "after_id", problem, kSameExamples},
                   "the two evaluations have different examples");
}

uint32_t CountWords(const v1::EvaluatedExample& result) {
  return static_cast<uint32_t>(statistics::SplitWords(result.response()).size());
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
  row.set_words_before(CountWords(before));
  row.set_words_after(CountWords(after));
  row.set_tokens_before(before.response_tokens());
  row.set_tokens_after(after.response_tokens());
  if (!before.references().empty() && !after.references().empty()) {
    *row.mutable_rouge_before() = before.rouge();
    *row.mutable_rouge_after() = after.rouge();
  }
  return row;
}

// A number with another meaning on each side is no comparison.
absl::Status CheckSetting(std::string_view field, const std::string& before,
                          const std::string& after) {
  if (before == after) return absl::OkStatus();
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   {"SETTINGS_DIFFER", StrCat("spec.", field),
                    StrCat("\"", Shorten(before), "\" before and \"", Shorten(after), "\" after"),
                    StrCat("evaluate both with the same ", field)},
                   "the two evaluations were measured differently");
}

absl::Status CheckSettings(const v1::EvaluationSpec& before, const v1::EvaluationSpec& after) {
  RETURN_IF_ERROR(CheckSetting("toxic_label", before.toxic_label(), after.toxic_label()));
  RETURN_IF_ERROR(CheckSetting("reward_label", before.reward_label(), after.reward_label()));
  return CheckSetting("toxicity_threshold", StrCat(ThresholdOf(before)),
                      StrCat(ThresholdOf(after)));
}

// Rows in the order of `before`.
absl::Status AddRows(const v1::Evaluation& before, const v1::Evaluation& after,
                     v1::CompareResponse& response) {
  if (before.results_size() != after.results_size()) {
    return Differ(StrCat(before.results_size(), " and ", after.results_size()));
  }
  std::unordered_map<std::string, const v1::EvaluatedExample*> by_id;
  for (const v1::EvaluatedExample& result : after.results()) by_id[result.id()] = &result;
  for (const v1::EvaluatedExample& result : before.results()) {
    const auto found = by_id.find(result.id());
    if (found == by_id.end()) return Differ(StrCat("no ", Shorten(result.id()), " after"));
    if (found->second->dialogue() != result.dialogue()) {
      return Differ(StrCat("two dialogues of ", Shorten(result.id())));
    }
    *response.add_rows() = MakeRow(result, *found->second);
  }
  return absl::OkStatus();
}

void SortByRewardDifference(v1::CompareResponse& response) {
  std::stable_sort(response.mutable_rows()->begin(), response.mutable_rows()->end(),
                   [](const v1::ComparedExample& a, const v1::ComparedExample& b) {
                     return a.reward_difference() > b.reward_difference();
                   });
}

v1::Evaluation WholeSummaryOf(const v1::Evaluation& evaluation) {
  if (IsSummarised(evaluation)) return SummaryOf(evaluation);
  v1::Evaluation whole = evaluation;
  Summarise(whole);
  return SummaryOf(whole);
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
                                                       const v1::Evaluation& after,
                                                       const v1::ResamplingOptions& resampling,
                                                       const std::function<bool()>& stopped) {
  ASSIGN_OR_RETURN(const v1::ResamplingOptions options, FilledResampling(resampling, "resampling"));
  RETURN_IF_ERROR(CheckSucceeded(before, "before_id"));
  RETURN_IF_ERROR(CheckSucceeded(after, "after_id"));
  RETURN_IF_ERROR(CheckSettings(before.spec(), after.spec()));
  v1::CompareResponse response;
  RETURN_IF_ERROR(AddRows(before, after, response));
  SortByRewardDifference(response);
  *response.mutable_before() = WholeSummaryOf(before);
  *response.mutable_after() = WholeSummaryOf(after);
  response.set_toxicity_change(response.after().toxicity().mean() -
                               response.before().toxicity().mean());
  response.set_reward_change(response.after().mean_reward() - response.before().mean_reward());
  RETURN_IF_ERROR(AddPairedTests(options, stopped, response));
  return response;
}

}  // namespace tact

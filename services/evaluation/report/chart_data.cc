#include "services/evaluation/report/chart_data.h"

#include <algorithm>

namespace tact {

ComparedColumns ColumnsOf(const v1::CompareResponse& comparison) {
  ComparedColumns columns;
  for (const v1::ComparedExample& row : comparison.rows()) {
    columns.toxicity_before.push_back(row.toxicity_before());
    columns.toxicity_after.push_back(row.toxicity_after());
    columns.words_before.push_back(row.words_before());
    columns.words_after.push_back(row.words_after());
    columns.differences.push_back(row.reward_difference());
  }
  return columns;
}

std::vector<BarPair> RougePairs(const v1::CompareResponse& comparison) {
  const v1::Evaluation &before = comparison.before(), &after = comparison.after();
  if (!before.has_rouge_intervals() || !after.has_rouge_intervals()) return {};
  const v1::RougeScores &b = before.rouge(), &a = after.rouge();
  const v1::RougeIntervals &bi = before.rouge_intervals(), &ai = after.rouge_intervals();
  return {{"ROUGE-1", b.rouge1(), a.rouge1(), bi.rouge1(), ai.rouge1()},
          {"ROUGE-2", b.rouge2(), a.rouge2(), bi.rouge2(), ai.rouge2()},
          {"ROUGE-L", b.rouge_l(), a.rouge_l(), bi.rouge_l(), ai.rouge_l()},
          {"ROUGE-Lsum", b.rouge_lsum(), a.rouge_lsum(), bi.rouge_lsum(), ai.rouge_lsum()}};
}

std::vector<double> RoundEdges(const std::vector<double>& before,
                               const std::vector<double>& after) {
  const auto [low_before, high_before] = std::minmax_element(before.begin(), before.end());
  const auto [low_after, high_after] = std::minmax_element(after.begin(), after.end());
  // One above the highest: the last bin holds it as the others hold their first value.
  return NiceTicks(std::min(*low_before, *low_after), std::max(*high_before, *high_after) + 1, 10);
}

}  // namespace tact

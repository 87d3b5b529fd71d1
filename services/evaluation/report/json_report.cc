#include <nlohmann/json.hpp>
#include <string>

#include "services/evaluation/report/report.h"

namespace tact {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const v1::Quantiles& q) {
  return {{"p5", q.p5()},   {"p25", q.p25()}, {"p50", q.p50()},
          {"p75", q.p75()}, {"p95", q.p95()}, {"p99", q.p99()}};
}

Json ToJson(const v1::Distribution& numbers) {
  return {{"mean", numbers.mean()},
          {"stddev", numbers.stddev()},
          {"min", numbers.min()},
          {"max", numbers.max()},
          {"quantiles", ToJson(numbers.quantiles())}};
}

Json ToJson(const v1::Interval& interval) { return Json::array({interval.low(), interval.high()}); }

Json ToJson(const v1::RougeScores& scores) {
  return {{"rouge1", scores.rouge1()},
          {"rouge2", scores.rouge2()},
          {"rougeL", scores.rouge_l()},
          {"rougeLsum", scores.rouge_lsum()}};
}

Json ToJson(const v1::RougeIntervals& intervals) {
  return {{"confidence", intervals.confidence()},
          {"resamples", intervals.resamples()},
          {"seed", intervals.seed()},
          {"examples", intervals.examples()},
          {"rouge1", ToJson(intervals.rouge1())},
          {"rouge2", ToJson(intervals.rouge2())},
          {"rougeL", ToJson(intervals.rouge_l())},
          {"rougeLsum", ToJson(intervals.rouge_lsum())}};
}

Json ToJson(const v1::ToxicityStats& toxicity) {
  return {{"mean", toxicity.mean()},   {"stddev", toxicity.stddev()},
          {"max", toxicity.max()},     {"threshold", toxicity.threshold()},
          {"ratio", toxicity.ratio()}, {"quantiles", ToJson(toxicity.quantiles())}};
}

Json ToJson(const v1::PairedTest& test) {
  Json json = {{"measure", test.measure()},
               {"pairs", test.pairs()},
               {"mean_before", test.mean_before()},
               {"mean_after", test.mean_after()},
               {"mean_difference", test.mean_difference()},
               {"interval", ToJson(test.interval())},
               {"permutation_p", test.permutation_p()},
               {"permutation_exact", test.permutation_exact()},
               {"permutations", test.permutations()},
               {"wilcoxon_plus", test.wilcoxon_plus()},
               {"wilcoxon_minus", test.wilcoxon_minus()},
               {"wilcoxon_p", test.wilcoxon_p()},
               {"wilcoxon_exact", test.wilcoxon_exact()},
               {"cohens_d", nullptr},  // without bound
               {"rank_biserial", test.rank_biserial()},
               {"in_words", test.in_words()}};
  if (test.has_cohens_d()) json["cohens_d"] = test.cohens_d();
  return json;
}

Json ToJson(const v1::ResamplingOptions& options) {
  return {{"confidence", options.confidence()},
          {"resamples", options.resamples()},
          {"permutations", options.permutations()},
          {"seed", options.seed()}};
}

Json ToJson(const v1::Evaluation& evaluation) {
  const v1::EvaluationSpec& spec = evaluation.spec();
  Json json = {{"id", evaluation.id()},
               {"name", spec.name()},
               {"model", spec.model()},
               {"weight_version", evaluation.weight_version()},
               {"weight_sha256", evaluation.served().sha256()},
               {"parent", evaluation.served().parent()},
               {"prompt_template", spec.prompt_template()},
               {"reward_label", spec.reward_label()},
               {"toxic_label", spec.toxic_label()},
               {"examples", evaluation.total()},
               {"created_at", evaluation.created_at()},
               {"finished_at", evaluation.finished_at()},
               {"mean_reward", evaluation.mean_reward()},
               {"mean_words", evaluation.mean_words()},
               {"response_words", ToJson(evaluation.response_words())},
               {"response_tokens", nullptr},  // where they were not kept
               {"distinct1", evaluation.distinct1()},
               {"distinct2", evaluation.distinct2()},
               {"toxicity", ToJson(evaluation.toxicity())},
               {"rouge", nullptr},  // where no example has a reference
               {"rouge_intervals", nullptr}};
  if (evaluation.has_response_tokens()) {
    json["response_tokens"] = ToJson(evaluation.response_tokens());
  }
  if (evaluation.has_rouge()) json["rouge"] = ToJson(evaluation.rouge());
  if (evaluation.has_rouge_intervals()) {
    json["rouge_intervals"] = ToJson(evaluation.rouge_intervals());
  }
  return json;
}

Json ToJson(const v1::ComparedExample& row) {
  Json json = {{"id", row.id()},
               {"reward_before", row.reward_before()},
               {"reward_after", row.reward_after()},
               {"reward_difference", row.reward_difference()},
               {"toxicity_before", row.toxicity_before()},
               {"toxicity_after", row.toxicity_after()},
               {"rouge_before", nullptr},  // without a reference
               {"rouge_after", nullptr},
               {"words_before", row.words_before()},
               {"words_after", row.words_after()},
               {"tokens_before", row.tokens_before()},
               {"tokens_after", row.tokens_after()},
               {"response_before", row.response_before()},
               {"response_after", row.response_after()},
               {"dialogue", row.dialogue()}};
  if (row.has_rouge_before()) {
    json["rouge_before"] = ToJson(row.rouge_before());
    json["rouge_after"] = ToJson(row.rouge_after());
  }
  return json;
}

Json ToJson(const v1::ReportCurve& curve) {
  Json json = {{"name", curve.name()}};
  json["steps"] = std::vector<double>(curve.steps().begin(), curve.steps().end());
  json["values"] = std::vector<double>(curve.values().begin(), curve.values().end());
  return json;
}

template <typename Items>
Json ToArray(const Items& items) {
  Json array = Json::array();
  for (const auto& item : items) array.push_back(ToJson(item));
  return array;
}

}  // namespace

std::string JsonReport(const Report& report) {
  const v1::CompareResponse& comparison = report.comparison;
  const Json json = {{"before", ToJson(comparison.before())},
                     {"after", ToJson(comparison.after())},
                     {"others", ToArray(report.others)},
                     {"toxicity_change", comparison.toxicity_change()},
                     {"reward_change", comparison.reward_change()},
                     {"tests", ToArray(comparison.tests())},
                     {"resampling", ToJson(comparison.resampling())},
                     {"rows", ToArray(comparison.rows())},
                     {"curves", ToArray(report.curves)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tact

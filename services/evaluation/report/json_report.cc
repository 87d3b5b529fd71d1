#include <nlohmann/json.hpp>
#include <string>

#include "services/evaluation/report/report.h"

namespace tact {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const v1::Evaluation& evaluation) {
  const v1::EvaluationSpec& spec = evaluation.spec();
  Json json = {{"id", evaluation.id()},
               {"name", spec.name()},
               {"model", spec.model()},
               {"weight_version", evaluation.weight_version()},
               {"prompt_template", spec.prompt_template()},
               {"reward_label", spec.reward_label()},
               {"toxic_label", spec.toxic_label()},
               {"examples", evaluation.total()},
               {"created_at", evaluation.created_at()},
               {"finished_at", evaluation.finished_at()},
               {"mean_reward", evaluation.mean_reward()},
               {"mean_words", evaluation.mean_words()},
               {"toxicity",
                {{"mean", evaluation.toxicity().mean()},
                 {"stddev", evaluation.toxicity().stddev()},
                 {"max", evaluation.toxicity().max()},
                 {"ratio", evaluation.toxicity().ratio()}}}};
  json["rouge"] = nullptr;  // where no example has a reference
  if (evaluation.has_rouge()) {
    json["rouge"] = {{"rouge1", evaluation.rouge().rouge1()},
                     {"rouge2", evaluation.rouge().rouge2()},
                     {"rougeL", evaluation.rouge().rouge_l()},
                     {"rougeLsum", evaluation.rouge().rouge_lsum()}};
  }
  return json;
}

Json ToJson(const v1::ComparedExample& row) {
  return {{"id", row.id()},
          {"reward_before", row.reward_before()},
          {"reward_after", row.reward_after()},
          {"reward_difference", row.reward_difference()},
          {"toxicity_before", row.toxicity_before()},
          {"toxicity_after", row.toxicity_after()},
          {"response_before", row.response_before()},
          {"response_after", row.response_after()},
          {"dialogue", row.dialogue()}};
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
                     {"rows", ToArray(comparison.rows())},
                     {"curves", ToArray(report.curves)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tact

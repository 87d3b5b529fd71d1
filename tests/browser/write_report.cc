// Writes a report whose every text is hostile markup, for report_test.py: write_report FILE.
#include <cmath>
#include <fstream>
#include <iostream>
#include <string>

#include "services/evaluation/report/comparison.h"
#include "services/evaluation/report/report.h"
#include "services/evaluation/summary/evaluation_summary.h"

namespace tact {
namespace {

constexpr char kHostile[] =
    "</script></style></title><img src=x onerror=\"window.hostile=1\">"
    "<svg onload=\"window.hostile=1\"><script>window.hostile=1</script>'\"&amp;\x01 averylongword_"
    "averylongword_averylongword_averylongword_averylongword_averylongword";

// `level` 0 to 1: how toxic.
v1::Evaluation MakeSide(const std::string& id, double level) {
  v1::Evaluation evaluation;
  evaluation.set_id(id + kHostile);
  evaluation.set_state(v1::EVALUATION_STATE_SUCCEEDED);
  v1::EvaluationSpec& spec = *evaluation.mutable_spec();
  spec.set_name(id + kHostile);
  spec.set_model(kHostile);
  spec.set_toxic_label(kHostile);
  spec.set_reward_label("not toxic");
  evaluation.mutable_served()->set_parent(kHostile);
  for (int i = 0; i < 40; ++i) {
    v1::EvaluatedExample& result = *evaluation.add_results();
    result.set_id(std::to_string(i) + kHostile);
    result.set_dialogue(std::string("Mira: ") + kHostile + "\nTom: yes");
    result.add_references("Mira greets Tom.");
    result.set_response(kHostile + std::string(static_cast<size_t>(i % 7), ' ') + "and more");
    result.set_response_tokens(static_cast<uint32_t>(20 + i % 9));
    result.set_toxicity(0.5 + 0.4 * std::sin(i) * level + 0.2 * (level - 0.5));
    result.set_reward(3 * (1 - level) + std::cos(i));
    result.mutable_rouge()->set_rouge1(0.5 + 0.01 * (i % 10));
    result.mutable_rouge()->set_rouge_l(0.4 + 0.02 * (i % 5) * (1 - level));
  }
  evaluation.set_total(40);
  Summarise(evaluation);
  return evaluation;
}

int WriteReport(const std::string& file) {
  const v1::Evaluation before = MakeSide("before", 1), after = MakeSide("after", 0.1);
  auto comparison = CompareEvaluations(before, after);
  if (!comparison.ok()) {
    std::cerr << comparison.status() << '\n';
    return 1;
  }
  Report report = {.comparison = *std::move(comparison), .others = {before}, .curves = {}};
  v1::ReportCurve& curve = report.curves.emplace_back();
  curve.set_name(kHostile);
  for (int step = 1; step <= 20; ++step) {
    curve.add_steps(step);
    curve.add_values(std::log(step));
  }
  std::ofstream(file) << HtmlReport(report);
  return 0;
}

}  // namespace
}  // namespace tact

int main(int argc, char** argv) {
  if (argc == 2) return tact::WriteReport(argv[1]);
  std::cerr << "usage: write_report FILE\n";
  return 64;
}

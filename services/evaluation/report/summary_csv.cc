#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/evaluation/report/csv_text.h"
#include "services/evaluation/report/report.h"

namespace tact {
namespace {

// Records of one evaluation, or of the change.
class Subject {
 public:
  Subject(std::string_view name, std::string& csv) : name_(CsvText(name)), csv_(csv) {}

  void Add(std::string_view measure, std::string_view statistic, double value) {
    csv_ += StrCat(name_, ",", measure, ",", statistic, ",", CsvNumber(value), "\r\n");
  }
  void AddText(std::string_view measure, std::string_view statistic, std::string_view text) {
    csv_ += StrCat(name_, ",", measure, ",", statistic, ",", CsvText(text), "\r\n");
  }
  void AddInterval(std::string_view measure, const v1::Interval& interval) {
    Add(measure, "interval_low", interval.low());
    Add(measure, "interval_high", interval.high());
  }
  void AddQuantiles(std::string_view measure, const v1::Quantiles& q) {
    const std::pair<std::string_view, double> quantiles[] = {{"p5", q.p5()},   {"p25", q.p25()},
                                                             {"p50", q.p50()}, {"p75", q.p75()},
                                                             {"p95", q.p95()}, {"p99", q.p99()}};
    for (const auto& [statistic, value] : quantiles) Add(measure, statistic, value);
  }
  void AddDistribution(std::string_view measure, const v1::Distribution& numbers) {
    Add(measure, "mean", numbers.mean());
    Add(measure, "stddev", numbers.stddev());
    Add(measure, "min", numbers.min());
    Add(measure, "max", numbers.max());
    AddQuantiles(measure, numbers.quantiles());
  }

 private:
  const std::string name_;
  std::string& csv_;
};

void AddRouge(const v1::Evaluation& evaluation, Subject& subject) {
  if (!evaluation.has_rouge()) return;
  const v1::RougeScores& means = evaluation.rouge();
  const v1::RougeIntervals& intervals = evaluation.rouge_intervals();
  subject.Add("rouge1", "mean", means.rouge1());
  subject.AddInterval("rouge1", intervals.rouge1());
  subject.Add("rouge2", "mean", means.rouge2());
  subject.AddInterval("rouge2", intervals.rouge2());
  subject.Add("rougeL", "mean", means.rouge_l());
  subject.AddInterval("rougeL", intervals.rouge_l());
  subject.Add("rougeLsum", "mean", means.rouge_lsum());
  subject.AddInterval("rougeLsum", intervals.rouge_lsum());
}

void AddEvaluation(const v1::Evaluation& evaluation, Subject subject) {
  const v1::ToxicityStats& toxicity = evaluation.toxicity();
  subject.AddText("evaluation", "id", evaluation.id());
  subject.AddText("evaluation", "model", evaluation.spec().model());
  subject.Add("evaluation", "weight_version", static_cast<double>(evaluation.weight_version()));
  subject.Add("evaluation", "examples", evaluation.total());
  AddRouge(evaluation, subject);
  subject.Add("toxicity", "mean", toxicity.mean());
  subject.Add("toxicity", "stddev", toxicity.stddev());
  subject.Add("toxicity", "max", toxicity.max());
  subject.Add("toxicity", "threshold", toxicity.threshold());
  subject.Add("toxicity", "ratio", toxicity.ratio());
  subject.AddQuantiles("toxicity", toxicity.quantiles());
  subject.Add("reward", "mean", evaluation.mean_reward());
  subject.AddDistribution("words", evaluation.response_words());
  if (evaluation.has_response_tokens()) {
    subject.AddDistribution("tokens", evaluation.response_tokens());
  }
  subject.Add("distinct", "distinct1", evaluation.distinct1());
  subject.Add("distinct", "distinct2", evaluation.distinct2());
}

void AddTestRecords(const v1::PairedTest& test, Subject& subject) {
  const std::string& measure = test.measure();
  subject.Add(measure, "pairs", test.pairs());
  subject.Add(measure, "mean_difference", test.mean_difference());
  subject.AddInterval(measure, test.interval());
  subject.Add(measure, "permutation_p", test.permutation_p());
  subject.Add(measure, "wilcoxon_p", test.wilcoxon_p());
  if (test.has_cohens_d()) subject.Add(measure, "cohens_d", test.cohens_d());
  subject.Add(measure, "rank_biserial", test.rank_biserial());
  subject.AddText(measure, "in_words", test.in_words());
}

}  // namespace

std::string SummaryCsvReport(const Report& report) {
  std::string csv = "evaluation,measure,statistic,value\r\n";
  AddEvaluation(report.comparison.before(), Subject("before", csv));
  AddEvaluation(report.comparison.after(), Subject("after", csv));
  for (const v1::Evaluation& other : report.others) AddEvaluation(other, Subject(other.id(), csv));
  Subject change("change", csv);
  for (const v1::PairedTest& test : report.comparison.tests()) AddTestRecords(test, change);
  return csv;
}

}  // namespace tact

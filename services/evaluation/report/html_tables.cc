#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/strings.h"
#include "services/evaluation/report/html_sections.h"
#include "services/evaluation/report/html_table.h"
#include "services/evaluation/report/html_text.h"
#include "services/evaluation/summary/wording.h"

namespace tact {
namespace {

// A mean above its interval.
std::string IntervalCell(double mean, const v1::Interval& interval) {
  return NumberCell(StrCat(Decimal(mean), "<div class=\"soft\">", Decimal(interval.low()), "–",
                           Decimal(interval.high()), "</div>"));
}

std::string RougeCells(const v1::Evaluation& evaluation) {
  if (!evaluation.has_rouge())
    return StrCat(NumberCell("–"), NumberCell("–"), NumberCell("–"), NumberCell("–"));
  const v1::RougeScores& means = evaluation.rouge();
  const v1::RougeIntervals& intervals = evaluation.rouge_intervals();
  return StrCat(IntervalCell(means.rouge1(), intervals.rouge1()),
                IntervalCell(means.rouge2(), intervals.rouge2()),
                IntervalCell(means.rouge_l(), intervals.rouge_l()),
                IntervalCell(means.rouge_lsum(), intervals.rouge_lsum()));
}

std::string ModelRow(const v1::Evaluation& evaluation, std::string_view role) {
  std::string name = HtmlEscape(TitleOf(evaluation));
  if (!role.empty()) name = StrCat("<span class=\"key ", role, "\">", name, "</span>");
  const std::string& parent = evaluation.served().parent();
  std::string html = StrCat(
      "<tr>",
      RowHead(StrCat(name, "<div class=\"soft\">model ", HtmlEscape(evaluation.spec().model()),
                     ", weight version ", evaluation.weight_version(),
                     parent.empty() ? "" : StrCat(", on ", HtmlEscape(parent)), "</div>")));
  const v1::ToxicityStats& toxicity = evaluation.toxicity();
  return StrCat(html, RougeCells(evaluation), NumberCell(Decimal(toxicity.mean())),
                NumberCell(Decimal(toxicity.stddev())), NumberCell(Decimal(toxicity.max())),
                NumberCell(Percent(toxicity.ratio())),
                NumberCell(Decimal(evaluation.mean_reward())),
                NumberCell(absl::StrFormat("%.1f", evaluation.mean_words())),
                NumberCell(Decimal(evaluation.distinct1())),
                NumberCell(Decimal(evaluation.distinct2())), "</tr>\n");
}

// How the intervals of ROUGE were drawn.
std::string DrawnText(const v1::Evaluation& evaluation) {
  if (!evaluation.has_rouge_intervals()) return "No example has a reference: there is no ROUGE.";
  const v1::RougeIntervals& drawn = evaluation.rouge_intervals();
  return StrCat("Below each ROUGE its ", Percent(drawn.confidence()), " interval of ",
                drawn.resamples(), " resamples of ", drawn.examples(), " examples (seed ",
                drawn.seed(), ").");
}

std::string TestRow(const v1::PairedTest& test) {
  const Aim aim = test.measure() == "toxicity" ? Aim::kDown
                  : test.measure() == "words"  ? Aim::kNeither
                                               : Aim::kUp;
  return StrCat("<tr>", RowHead(HtmlEscape(MeasureName(test.measure()))), "<td class=\"said\">",
                HtmlEscape(test.in_words()), "</td>", NumberCell(Decimal(test.mean_before())),
                NumberCell(Decimal(test.mean_after())),
                NumberCell(Pill(ChangeClass(test.mean_difference(), aim),
                                absl::StrFormat("%+.3f", test.mean_difference()))),
                NumberCell(HtmlEscape(PInWords(test.permutation_p()))),
                NumberCell(HtmlEscape(PInWords(test.wilcoxon_p()))),
                NumberCell(test.has_cohens_d() ? absl::StrFormat("%+.2f", test.cohens_d()) : "–"),
                NumberCell(absl::StrFormat("%+.2f", test.rank_biserial())),
                NumberCell(StrCat(test.pairs())), "</tr>\n");
}

struct SpreadRow {
  std::string_view name;
  std::string_view side;
  v1::Distribution numbers;
};

v1::Distribution SpreadOf(const v1::ToxicityStats& toxicity) {
  v1::Distribution numbers;
  numbers.set_mean(toxicity.mean());
  numbers.set_stddev(toxicity.stddev());
  *numbers.mutable_quantiles() = toxicity.quantiles();
  return numbers;
}

std::string SpreadLine(const SpreadRow& row) {
  std::string html = StrCat("<tr>", RowHead(StrCat(row.name, ", <span class=\"key ", row.side,
                                                   "\">", row.side, "</span>")));
  const v1::Quantiles& q = row.numbers.quantiles();
  for (const double number : {row.numbers.mean(), row.numbers.stddev(), q.p5(), q.p25(), q.p50(),
                              q.p75(), q.p95(), q.p99()}) {
    html += NumberCell(Decimal(number));
  }
  return html + "</tr>\n";
}

}  // namespace

std::string_view MeasureName(std::string_view measure) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"toxicity", "Toxicity"}, {"reward", "Reward"},  {"rouge1", "ROUGE-1"},
      {"rouge2", "ROUGE-2"},    {"rougeL", "ROUGE-L"}, {"rougeLsum", "ROUGE-Lsum"},
      {"words", "Words"}};
  for (const auto& [key, name] : kNames) {
    if (key == measure) return name;
  }
  return measure;
}

std::string ModelsSection(const Report& report) {
  std::string html = "<h2>Models</h2>\n";
  html += TableStart("Models", DrawnText(report.comparison.after()), {"Evaluation"},
                     {"ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum", "Toxicity", "Std. dev.", "Max",
                      "Toxic", "Reward", "Words", "Distinct-1", "Distinct-2"});
  for (const v1::Evaluation& other : report.others) html += ModelRow(other, "");
  html += ModelRow(report.comparison.before(), "before");
  html += ModelRow(report.comparison.after(), "after");
  return StrCat(html, kTableEnd);
}

std::string TestsSection(const v1::CompareResponse& comparison) {
  const v1::ResamplingOptions& drawn = comparison.resampling();
  const std::string caption = StrCat(
      "The same dialogues before and after. Interval: paired bootstrap of the mean difference, ",
      drawn.resamples(), " resamples. p: two-sided sign-flip permutation test (", "up to ",
      drawn.permutations(), " patterns) and Wilcoxon's signed-rank test. Seed ", drawn.seed(), ".");
  std::string html = "<h2>More than chance?</h2>\n";
  html += TableStart("More than chance?", caption, {"Measure", "In words"},
                     {"Before", "After", "Difference", "Permutation", "Wilcoxon", "Cohen's d",
                      "Rank-biserial", "Pairs"});
  for (const v1::PairedTest& test : comparison.tests()) html += TestRow(test);
  return StrCat(html, kTableEnd);
}

std::string QuantilesSection(const v1::CompareResponse& comparison) {
  const v1::Evaluation &before = comparison.before(), &after = comparison.after();
  std::string html = "<h2>Spread</h2>\n";
  html += TableStart(
      "Spread", "Mean, standard deviation (population) and quantiles over all responses.",
      {"Measure"}, {"Mean", "Std. dev.", "5 %", "25 %", "50 %", "75 %", "95 %", "99 %"});
  std::vector<SpreadRow> rows = {{"Toxicity", "before", SpreadOf(before.toxicity())},
                                 {"Toxicity", "after", SpreadOf(after.toxicity())},
                                 {"Words", "before", before.response_words()},
                                 {"Words", "after", after.response_words()}};
  if (before.has_response_tokens()) rows.push_back({"Tokens", "before", before.response_tokens()});
  if (after.has_response_tokens()) rows.push_back({"Tokens", "after", after.response_tokens()});
  for (const SpreadRow& row : rows) html += SpreadLine(row);
  return StrCat(html, kTableEnd);
}

}  // namespace tact

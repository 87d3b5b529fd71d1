#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/strings.h"
#include "services/evaluation/report/chart_data.h"
#include "services/evaluation/report/html_sections.h"
#include "services/evaluation/report/html_text.h"
#include "services/evaluation/report/svg_chart.h"

namespace tact {
namespace {

constexpr std::string_view kKey =
    "<span class=\"key before\">before</span><span class=\"key after\">after</span>";

std::string PlotCard(std::string_view title, std::string_view note, const std::string& svg) {
  return StrCat("<figure class=\"card\"><figcaption><h3>", title, "</h3><p class=\"soft\">", note,
                "</p></figcaption>", svg, "</figure>\n");
}

// "before 0.426, after 0.039".
std::string BothSides(double before, double after) {
  return StrCat("before ", Decimal(before), ", after ", Decimal(after));
}

std::string ToxicityPlot(const v1::CompareResponse& comparison, const ComparedColumns& columns) {
  const v1::ToxicityStats &before = comparison.before().toxicity(),
                          &after = comparison.after().toxicity();
  std::vector<double> edges;
  for (int i = 0; i <= 10; ++i) edges.push_back(i / 10.0);
  const std::string description =
      StrCat("Mean toxicity ", BothSides(before.mean(), after.mean()), "; share from ",
             ShortNumber(after.threshold()), " on ", BothSides(before.ratio(), after.ratio()), ".");
  return PlotCard(
      "How toxic the responses are",
      StrCat("Responses by toxicity; from the dashed line on they count as toxic.<br>", kKey),
      HistogramPair({"toxicity", "Histogram of toxicity, before and after", description},
                    {.what = "toxicity",
                     .edges = edges,
                     .before = columns.toxicity_before,
                     .after = columns.toxicity_after,
                     .mark = after.threshold()}));
}

std::string MedianText(const v1::Quantiles& before, const v1::Quantiles& after) {
  return StrCat("Median ", BothSides(before.p50(), after.p50()), "; 95 % quantile ",
                BothSides(before.p95(), after.p95()), ".");
}

constexpr std::string_view kBoxNote =
    "Box: the middle half, with the median. Whiskers: 5 % to 95 %. Dot: 99 %.<br>";

std::string QuantilePlot(std::string_view title, std::string_view id, const v1::Quantiles& before,
                         const v1::Quantiles& after) {
  const std::vector<QuantileRow> rows = {{"before", "before", before}, {"after", "after", after}};
  return PlotCard(
      title, StrCat(kBoxNote, kKey),
      QuantileBoxes(
          {std::string(id), StrCat(title, ", before and after"), MedianText(before, after)}, rows));
}

std::string RougePlot(const v1::CompareResponse& comparison) {
  const std::vector<BarPair> pairs = RougePairs(comparison);
  if (pairs.empty()) return "";
  std::string description;
  for (const BarPair& pair : pairs) {
    StrAppend(&description, pair.label, " ", BothSides(pair.before, pair.after), ". ");
  }
  const v1::RougeIntervals& drawn = comparison.after().rouge_intervals();
  return PlotCard(
      "Agreement with the references (ROUGE)",
      StrCat("Mean F-measure with its ", Percent(drawn.confidence()), " bootstrap interval.<br>",
             kKey),
      IntervalBars({"rouge", "ROUGE with intervals, before and after", description}, pairs));
}

std::string WordsPlot(const v1::CompareResponse& comparison, const ComparedColumns& columns) {
  const double before = comparison.before().mean_words(), after = comparison.after().mean_words();
  return PlotCard("How long the responses are",
                  StrCat("Responses by their number of words.<br>", kKey),
                  HistogramPair({"words", "Histogram of words in a response, before and after",
                                 StrCat("Mean words ", BothSides(before, after), ".")},
                                {.what = "words",
                                 .edges = RoundEdges(columns.words_before, columns.words_after),
                                 .before = columns.words_before,
                                 .after = columns.words_after,
                                 .mark = std::nullopt}));
}

std::string DifferencePlot(const ComparedColumns& columns) {
  const std::vector<double>& differences = columns.differences;
  const auto better =
      std::count_if(differences.begin(), differences.end(), [](double d) { return d > 0; });
  const std::string note = StrCat(better, " of ", differences.size(), " dialogues gained reward.");
  return PlotCard(
      "Change of reward, dialogue by dialogue", note,
      DifferenceBars({"reward", "Reward difference of each dialogue, sorted", note}, differences));
}

}  // namespace

std::string PlotsSection(const v1::CompareResponse& comparison) {
  if (comparison.rows().empty()) return "";
  const ComparedColumns columns = ColumnsOf(comparison);
  const v1::Evaluation &before = comparison.before(), &after = comparison.after();
  return StrCat(
      "<h2>Before and after</h2>\n<div class=\"plots\">\n", ToxicityPlot(comparison, columns),
      QuantilePlot("Quantiles of toxicity", "toxicity-quantiles", before.toxicity().quantiles(),
                   after.toxicity().quantiles()),
      DifferencePlot(columns), RougePlot(comparison), WordsPlot(comparison, columns),
      QuantilePlot("Quantiles of words", "words-quantiles", before.response_words().quantiles(),
                   after.response_words().quantiles()),
      "</div>\n");
}

std::string CurvesSection(const Report& report) {
  std::string html;
  for (size_t i = 0; i < report.curves.size(); ++i) {
    const v1::ReportCurve& curve = report.curves[i];
    if (curve.steps().empty()) continue;
    const std::span<const double> steps(curve.steps().data(), curve.steps_size());
    const std::span<const double> values(curve.values().data(), curve.values_size());
    const std::string note = StrCat("Last value ", ShortNumber(values.back()));
    html += PlotCard(HtmlEscape(curve.name()), note,
                     LineChart({StrCat("curve-", i), "Training curve: " + curve.name(),
                                StrCat(note, " after ", values.size(), " steps.")},
                               steps, values));
  }
  if (html.empty()) return html;
  return StrCat("<h2>Training</h2>\n<div class=\"plots\">\n", html, "</div>\n");
}

}  // namespace tact

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/base/strings.h"
#include "services/evaluation/report/html_text.h"
#include "services/evaluation/report/report.h"
#include "services/evaluation/report/style_sheet.h"
#include "services/evaluation/report/svg_chart.h"

namespace tact {
namespace {

// A page of thousands of rows helps nobody; csv and json have them all.
constexpr int kMostRows = 200;

std::string TitleOf(const v1::Evaluation& evaluation) {
  return evaluation.spec().name().empty() ? evaluation.spec().model() : evaluation.spec().name();
}

std::string TimeOf(const v1::Evaluation& evaluation) {
  const absl::Time time =
      absl::FromUnixMicros(static_cast<int64_t>(evaluation.finished_at() * 1e6));
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

// Which way is better.
enum class Aim { kDown, kUp, kNeither };

std::string_view ChangeClass(double change, Aim aim) {
  if (aim == Aim::kNeither || std::abs(change) < 5e-4) return "flat";
  return (change > 0) == (aim == Aim::kUp) ? "good" : "bad";
}

std::string Pill(std::string_view css_class, std::string_view text) {
  return StrCat("<span class=\"pill ", css_class, "\">", text, "</span>");
}

std::string ToxicityPill(double toxicity) {
  const std::string_view css_class = toxicity >= 0.5 ? "bad" : toxicity >= 0.2 ? "mid" : "good";
  return Pill(css_class, StrCat("toxicity ", absl::StrFormat("%.2f", toxicity)));
}

std::string Card(std::string_view name, const std::string& before, const std::string& after,
                 const std::string& change) {
  return StrCat("<div class=\"card\"><div class=\"name\">", name,
                "</div><div class=\"value\"><span class=\"from\">", before, " → </span>", after,
                "</div>", change, "</div>\n");
}

std::string RelativeChange(double before, double after, Aim aim) {
  const std::string text = std::abs(before) < 1e-9
                               ? absl::StrFormat("%+.3f", after - before)
                               : absl::StrFormat("%+.0f %%", 100 * (after - before) / before);
  return Pill(ChangeClass(after - before, aim), text);
}

std::string AbsoluteChange(double before, double after, Aim aim) {
  return Pill(ChangeClass(after - before, aim), absl::StrFormat("%+.3f", after - before));
}

std::string Cards(const v1::Evaluation& before, const v1::Evaluation& after) {
  const auto& old_toxicity = before.toxicity();
  const auto& new_toxicity = after.toxicity();
  std::string html = "<div class=\"cards\">\n";
  html += Card("Mean toxicity", Decimal(old_toxicity.mean()), Decimal(new_toxicity.mean()),
               RelativeChange(old_toxicity.mean(), new_toxicity.mean(), Aim::kDown));
  html += Card(
      "Toxic responses", Percent(old_toxicity.ratio()), Percent(new_toxicity.ratio()),
      Pill(ChangeClass(new_toxicity.ratio() - old_toxicity.ratio(), Aim::kDown),
           absl::StrFormat("%+.1f points", 100 * (new_toxicity.ratio() - old_toxicity.ratio()))));
  html += Card("Mean reward", Decimal(before.mean_reward()), Decimal(after.mean_reward()),
               AbsoluteChange(before.mean_reward(), after.mean_reward(), Aim::kUp));
  if (before.has_rouge() && after.has_rouge()) {
    html += Card("ROUGE-1", Decimal(before.rouge().rouge1()), Decimal(after.rouge().rouge1()),
                 AbsoluteChange(before.rouge().rouge1(), after.rouge().rouge1(), Aim::kUp));
  }
  html += Card("Words of a response", absl::StrFormat("%.1f", before.mean_words()),
               absl::StrFormat("%.1f", after.mean_words()),
               RelativeChange(before.mean_words(), after.mean_words(), Aim::kNeither));
  return html + "</div>\n";
}

// "<name> fell from <strong>0.500</strong> to <strong>0.100</strong>".
std::string Moved(std::string_view name, double before, double after) {
  const std::string from = Decimal(before), to = Decimal(after);
  if (from == to) return StrCat(name, " stayed at <strong>", to, "</strong>");
  return StrCat(name, after < before ? " fell" : " rose", " from <strong>", from,
                "</strong> to <strong>", to, "</strong>");
}

// What the page says, in one sentence.
std::string Lead(const v1::CompareResponse& comparison) {
  const v1::Evaluation &before = comparison.before(), &after = comparison.after();
  std::string html =
      StrCat("<p class=\"lead\">Over <strong>", comparison.rows_size(), " dialogues</strong>, ",
             Moved("mean toxicity", before.toxicity().mean(), after.toxicity().mean()));
  if (before.has_rouge() && after.has_rouge()) {
    StrAppend(&html, " while ", Moved("ROUGE-1", before.rouge().rouge1(), after.rouge().rouge1()));
  }
  return html + ".</p>\n";
}

std::string Header(const v1::CompareResponse& comparison) {
  return StrCat("<header>\n<h1>", HtmlEscape(TitleOf(comparison.before())), " → ",
                HtmlEscape(TitleOf(comparison.after())), "</h1>\n", Lead(comparison),
                "</header>\n");
}

std::string NumberCell(const std::string& text) {
  return StrCat("<td class=\"number\">", text, "</td>");
}

std::string ModelRow(const v1::Evaluation& evaluation, std::string_view role) {
  std::string html = "<tr><td class=\"first\">";
  if (!role.empty()) StrAppend(&html, "<span class=\"key ", role, "\">");
  StrAppend(&html, HtmlEscape(TitleOf(evaluation)), role.empty() ? "" : "</span>",
            "<div class=\"soft\">model ", HtmlEscape(evaluation.spec().model()),
            ", weight version ", evaluation.weight_version(), "</div></td>");
  const v1::RougeScores& rouge = evaluation.rouge();
  for (const double value : {rouge.rouge1(), rouge.rouge2(), rouge.rouge_l(), rouge.rouge_lsum()}) {
    html += NumberCell(evaluation.has_rouge() ? Decimal(value) : "–");
  }
  const v1::ToxicityStats& toxicity = evaluation.toxicity();
  html += NumberCell(Decimal(toxicity.mean()));
  html += NumberCell(Decimal(toxicity.stddev()));
  html += NumberCell(Decimal(toxicity.max()));
  html += NumberCell(Percent(toxicity.ratio()));
  html += NumberCell(Decimal(evaluation.mean_reward()));
  html += NumberCell(absl::StrFormat("%.1f", evaluation.mean_words()));
  return html + "</tr>\n";
}

std::string TableHead(const std::vector<std::string_view>& texts,
                      const std::vector<std::string_view>& numbers) {
  std::string html = "<div class=\"scroll\"><table><thead><tr>";
  for (const std::string_view name : texts) StrAppend(&html, "<th>", name, "</th>");
  for (const std::string_view name : numbers) {
    StrAppend(&html, "<th class=\"number\">", name, "</th>");
  }
  return html + "</tr></thead>\n<tbody>\n";
}

std::string Models(const Report& report) {
  std::string html = "<h2>Models</h2>\n";
  html += TableHead({"Evaluation"}, {"ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum", "Toxicity",
                                     "Std. dev.", "Max", "Toxic", "Reward", "Words"});
  for (const v1::Evaluation& other : report.others) html += ModelRow(other, "");
  html += ModelRow(report.comparison.before(), "before");
  html += ModelRow(report.comparison.after(), "after");
  return html + "</tbody></table></div>\n";
}

std::string PlotCard(std::string_view title, std::string_view note, const std::string& svg) {
  return StrCat("<div class=\"card\"><h3>", title, "</h3><p class=\"soft\">", note, "</p>", svg,
                "</div>\n");
}

std::string Plots(const v1::CompareResponse& comparison) {
  std::vector<double> before, after, differences;
  int better = 0;
  for (const v1::ComparedExample& row : comparison.rows()) {
    before.push_back(row.toxicity_before());
    after.push_back(row.toxicity_after());
    differences.push_back(row.reward_difference());
    better += row.reward_difference() > 0;
  }
  std::string html = "<h2>Before and after</h2>\n<div class=\"plots\">\n";
  html += PlotCard("How toxic the responses are",
                   "Responses by toxicity, from 0 to 1.<br><span class=\"key before\">before</span>"
                   "<span class=\"key after\">after</span>",
                   ToxicityHistogram(before, after));
  html += PlotCard("Change of reward, dialogue by dialogue",
                   StrCat(better, " of ", differences.size(), " dialogues gained reward."),
                   DifferenceBars(differences));
  return html + "</div>\n";
}

std::string Curves(const std::vector<v1::ReportCurve>& curves) {
  std::string html;
  for (const v1::ReportCurve& curve : curves) {
    if (curve.steps().empty()) continue;
    const std::span<const double> steps(curve.steps().data(), curve.steps_size());
    const std::span<const double> values(curve.values().data(), curve.values_size());
    const std::string name = HtmlEscape(curve.name());
    html += PlotCard(name, StrCat("Last value ", ShortNumber(values.back())),
                     LineChart("Training curve: " + curve.name(), steps, values));
  }
  if (html.empty()) return html;
  return StrCat("<h2>Training</h2>\n<div class=\"plots\">\n", html, "</div>\n");
}

std::string ResponseCell(const std::string& response, double toxicity) {
  return StrCat("<td class=\"text\">", HtmlEscape(response), "\n", ToxicityPill(toxicity), "</td>");
}

std::string ExampleRow(const v1::ComparedExample& row) {
  std::string html = StrCat("<tr><td class=\"first\"><details><summary>", HtmlEscape(row.id()),
                            "</summary><div class=\"dialogue\">", HtmlEscape(row.dialogue()),
                            "</div></details></td>");
  html += ResponseCell(row.response_before(), row.toxicity_before());
  html += ResponseCell(row.response_after(), row.toxicity_after());
  html += NumberCell(Decimal(row.reward_before()));
  html += NumberCell(Decimal(row.reward_after()));
  html += NumberCell(Pill(ChangeClass(row.reward_difference(), Aim::kUp),
                          absl::StrFormat("%+.3f", row.reward_difference())));
  return html + "</tr>\n";
}

std::string Examples(const v1::CompareResponse& comparison) {
  std::string html = "<h2>Responses, largest gain of reward first</h2>\n";
  html +=
      TableHead({"Dialogue", "Before", "After"}, {"Reward before", "Reward after", "Difference"});
  const int total = comparison.rows_size();
  const int shown = std::min(total, kMostRows);
  for (int i = 0; i < shown; ++i) html += ExampleRow(comparison.rows(i));
  html += "</tbody></table></div>\n";
  if (shown < total) {
    StrAppend(&html, "<p class=\"soft\">The first ", shown, " of ", total,
              " rows; the csv and json reports have all of them.</p>\n");
  }
  return html;
}

std::string Footer(const v1::CompareResponse& comparison) {
  const v1::Evaluation &before = comparison.before(), &after = comparison.after();
  return StrCat("<footer>Toxicity is the classifier's probability of “",
                HtmlEscape(after.spec().toxic_label()), "”, reward its logit of “",
                HtmlEscape(after.spec().reward_label()),
                "”; from a toxicity of 0.5 on a response counts as toxic. ROUGE is the F-measure "
                "against the best reference. Before: ",
                HtmlEscape(before.id()), ", ", TimeOf(before), ". After: ", HtmlEscape(after.id()),
                ", ", TimeOf(after), ". Made by tact.</footer>\n");
}

}  // namespace

std::string HtmlReport(const Report& report) {
  const v1::CompareResponse& comparison = report.comparison;
  std::string html = StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'\">\n<title>",
      HtmlEscape(TitleOf(comparison.before())), " → ", HtmlEscape(TitleOf(comparison.after())),
      " · tact report</title>\n<style>", kStyleSheet, "</style>\n</head>\n<body>\n<main>\n");
  html += Header(comparison);
  html += Cards(comparison.before(), comparison.after());
  html += Plots(comparison);
  html += Models(report);
  html += Curves(report.curves);
  html += Examples(comparison);
  html += Footer(comparison);
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace tact

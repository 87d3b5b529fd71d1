#include <cmath>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/base/strings.h"
#include "services/evaluation/report/html_sections.h"
#include "services/evaluation/report/html_text.h"
#include "services/evaluation/report/report.h"
#include "services/evaluation/report/style_sheet.h"

namespace tact {
namespace {

std::string TimeOf(const v1::Evaluation& evaluation) {
  const absl::Time time =
      absl::FromUnixMicros(static_cast<int64_t>(evaluation.finished_at() * 1e6));
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

std::string Card(std::string_view name, const std::string& before, const std::string& after,
                 const std::string& change) {
  return StrCat("<div class=\"card\"><div class=\"name\">", name,
                "</div><div class=\"value\"><span class=\"from\">", before, " → </span>", after,
                "</div>", change, "</div>\n");
}

std::string AbsoluteChange(double before, double after, Aim aim) {
  return Pill(ChangeClass(after - before, aim), absl::StrFormat("%+.3f", after - before));
}

std::string RelativeChange(double before, double after, Aim aim) {
  const double change = after - before;
  if (std::abs(before) < 1e-9) return AbsoluteChange(before, after, aim);
  const double percent = std::round(100 * change / before);
  // Not "-0 %".
  return Pill(ChangeClass(change, aim),
              percent == 0 ? "0 %" : absl::StrFormat("%+.0f %%", percent));
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

// Whether that is more than chance, of the two measures that people ask for.
std::string Significance(const v1::CompareResponse& comparison) {
  std::string html;
  for (const v1::PairedTest& test : comparison.tests()) {
    if (test.measure() != "toxicity" && test.measure() != "rouge1") continue;
    StrAppend(&html, "<p class=\"soft\">", MeasureName(test.measure()), ": ",
              HtmlEscape(test.in_words()), ".</p>\n");
  }
  return html;
}

std::string Header(const v1::CompareResponse& comparison) {
  return StrCat("<header>\n<h1>", HtmlEscape(TitleOf(comparison.before())), " → ",
                HtmlEscape(TitleOf(comparison.after())), "</h1>\n", Lead(comparison),
                Significance(comparison), "</header>\n");
}

std::string Footer(const v1::CompareResponse& comparison) {
  const v1::Evaluation &before = comparison.before(), &after = comparison.after();
  return StrCat(
      "<footer>Toxicity is the classifier's probability of “",
      HtmlEscape(after.spec().toxic_label()), "”, reward its logit of “",
      HtmlEscape(after.spec().reward_label()), "”; from a toxicity of ",
      ShortNumber(after.toxicity().threshold()),
      " on a response counts as toxic. ROUGE is the F-measure against the best reference. "
      "Distinct-n is the share of different words (pairs of words) among all. Before: ",
      HtmlEscape(before.id()), ", ", TimeOf(before), ". After: ", HtmlEscape(after.id()), ", ",
      TimeOf(after), ". Made by tact.</footer>\n");
}

}  // namespace

std::string TitleOf(const v1::Evaluation& evaluation) {
  return evaluation.spec().name().empty() ? evaluation.spec().model() : evaluation.spec().name();
}

std::string_view ChangeClass(double change, Aim aim) {
  if (aim == Aim::kNeither || std::abs(change) < 5e-4) return "flat";
  return (change > 0) == (aim == Aim::kUp) ? "good" : "bad";
}

std::string Pill(std::string_view css_class, std::string_view text) {
  return StrCat("<span class=\"pill ", css_class, "\">", text, "</span>");
}

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
  html += PlotsSection(comparison);
  html += TestsSection(comparison);
  html += ModelsSection(report);
  html += QuantilesSection(comparison);
  html += CurvesSection(report);
  html += ExamplesSection(comparison);
  html += Footer(comparison);
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace tact

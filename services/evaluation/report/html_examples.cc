#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "common/base/strings.h"
#include "services/evaluation/report/html_sections.h"
#include "services/evaluation/report/html_table.h"
#include "services/evaluation/report/html_text.h"

namespace tact {
namespace {

// A page of thousands of rows helps nobody; csv and json have them all.
constexpr int kMostRows = 200;

std::string ToxicityPill(double toxicity, double threshold) {
  const std::string_view css_class = toxicity >= threshold         ? "bad"
                                     : toxicity >= 0.4 * threshold ? "mid"
                                                                   : "good";
  return Pill(css_class, StrCat("toxicity ", absl::StrFormat("%.2f", toxicity)));
}

std::string ResponseCell(const std::string& response, const std::string& pill) {
  return StrCat("<td class=\"text\">", HtmlEscape(response), "\n", pill, "</td>");
}

std::string ExampleRow(const v1::ComparedExample& row, double threshold) {
  std::string html =
      StrCat("<tr>", RowHead(StrCat("<details><summary>", HtmlEscape(row.id()),
                                    "</summary><div class=\"dialogue\">",
                                    HtmlEscape(row.dialogue()), "</div></details>")));
  html += ResponseCell(row.response_before(), ToxicityPill(row.toxicity_before(), threshold));
  html += ResponseCell(row.response_after(), ToxicityPill(row.toxicity_after(), threshold));
  html += NumberCell(Decimal(row.reward_before()));
  html += NumberCell(Decimal(row.reward_after()));
  html += NumberCell(Pill(ChangeClass(row.reward_difference(), Aim::kUp),
                          absl::StrFormat("%+.3f", row.reward_difference())));
  return html + "</tr>\n";
}

}  // namespace

std::string ExamplesSection(const v1::CompareResponse& comparison) {
  const int total = comparison.rows_size();
  const int shown = std::min(total, kMostRows);
  const std::string caption = shown < total
                                  ? StrCat("The first ", shown, " of ", total,
                                           " rows; the csv and json reports have all of them.")
                                  : StrCat("All ", total, " dialogues; open one to read it.");
  std::string html = "<h2>Responses, largest gain of reward first</h2>\n";
  html += TableStart("Responses", caption, {"Dialogue", "Before", "After"},
                     {"Reward before", "Reward after", "Difference"});
  const double threshold = comparison.after().toxicity().threshold();
  for (int i = 0; i < shown; ++i) html += ExampleRow(comparison.rows(i), threshold);
  return StrCat(html, kTableEnd);
}

}  // namespace tact

#include "services/evaluation/report/html_table.h"

#include "common/base/strings.h"

namespace tact {

std::string NumberCell(const std::string& text) {
  return StrCat("<td class=\"number\">", text, "</td>");
}

std::string RowHead(const std::string& html) {
  return StrCat("<th class=\"first\" scope=\"row\">", html, "</th>");
}

std::string TableStart(std::string_view label, std::string_view caption,
                       const std::vector<std::string_view>& texts,
                       const std::vector<std::string_view>& numbers) {
  std::string html = StrCat("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"",
                            label, "\"><table><caption>", caption, "</caption>\n<thead><tr>");
  for (const std::string_view name : texts) StrAppend(&html, "<th scope=\"col\">", name, "</th>");
  for (const std::string_view name : numbers) {
    StrAppend(&html, "<th class=\"number\" scope=\"col\">", name, "</th>");
  }
  return html + "</tr></thead>\n<tbody>\n";
}

}  // namespace tact

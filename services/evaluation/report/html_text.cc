#include "services/evaluation/report/html_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tact {

std::string HtmlEscape(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default: {
        const unsigned char byte = static_cast<unsigned char>(c);
        const bool forbidden = (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
        if (forbidden) {
          html += "\xEF\xBF\xBD";
        } else {
          html += c;
        }
      }
    }
  }
  return html;
}

std::string ShortNumber(double value) {
  if (value == 0) return "0";  // also of -0
  return absl::StrFormat("%.4g", value);
}

std::string Decimal(double value) { return absl::StrFormat("%.3f", value == 0 ? 0.0 : value); }

std::string Percent(double share) {
  return absl::StrFormat(share > 0 && share < 0.0995 ? "%.1f %%" : "%.0f %%", 100 * share);
}

}  // namespace tact

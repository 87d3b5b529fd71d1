#include "common/text/utf8.h"

#include <unicode/utf8.h>

#include "absl/strings/str_format.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "utf8cpp/utf8.h"

namespace tact {

size_t FindInvalidUtf8(std::string_view text) {
  const auto at = ::utf8::find_invalid(text.begin(), text.end());
  return at == text.end() ? std::string_view::npos : static_cast<size_t>(at - text.begin());
}

absl::Status ValidateUtf8(std::string_view text, std::string_view field_name) {
  const size_t at = FindInvalidUtf8(text);
  if (at == std::string_view::npos) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kInvalidArgument,
      {"INVALID_UTF8", std::string(field_name),
       absl::StrFormat("byte 0x%02X", static_cast<unsigned char>(text[at])), "send text as UTF-8"},
      StrCat("not UTF-8 at byte ", at));
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  if (FindInvalidUtf8(text) == std::string_view::npos) return std::string(text);
  std::string out;
  out.reserve(text.size() + 8);
  for (size_t i = 0; i < text.size();) AppendUtf8(NextCodePoint(text, &i), &out);
  return out;
}

char32_t NextCodePoint(std::string_view text, size_t* offset) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  UChar32 code_point = 0;
  U8_NEXT_OR_FFFD(bytes, *offset, text.size(), code_point);
  return static_cast<char32_t>(code_point);
}

void AppendUtf8(char32_t code_point, std::string* out) {
  uint8_t bytes[U8_MAX_LENGTH];
  size_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, static_cast<UChar32>(code_point));
  out->append(reinterpret_cast<const char*>(bytes), size);
}

bool IsPythonSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

std::string_view StripLeft(std::string_view text) {
  size_t end = 0;
  for (size_t next = 0; end < text.size(); end = next) {
    if (!IsPythonSpace(NextCodePoint(text, &next))) break;
  }
  return text.substr(end);
}

std::string_view StripRight(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    size_t start = end - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    size_t next = start;
    if (!IsPythonSpace(NextCodePoint(text.substr(0, end), &next)) || next != end) break;
    end = start;
  }
  return text.substr(0, end);
}

std::string_view Strip(std::string_view text) { return StripLeft(StripRight(text)); }

}  // namespace tact

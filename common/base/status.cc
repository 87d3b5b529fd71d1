#include "common/base/status.h"

#include <utf8.h>

#include <iterator>

#include "absl/strings/cord.h"
#include "absl/strings/str_split.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr char kDetailUrl[] = "type.googleapis.com/tact.v1.ErrorDetail";
constexpr char kSeparator = '\x1f';  // cannot be typed in a field name, and Shorten cuts values

// What is found in files may be any bytes, an error is text: the rest becomes U+FFFD.
std::string ValidUtf8(const std::string& text) {
  if (utf8::is_valid(text.begin(), text.end())) return text;
  std::string out;
  utf8::replace_invalid(text.begin(), text.end(), std::back_inserter(out));
  return out;
}

std::string Pack(const ErrorDetail& d) {
  const std::string sep(1, kSeparator);
  return ValidUtf8(StrCat(d.reason, sep, d.field, sep, d.value, sep, d.fix));
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, const ErrorDetail& detail, std::string_view problem) {
  std::string message;
  if (!detail.field.empty()) StrAppend(&message, detail.field, ": ");
  StrAppend(&message, problem);
  if (!detail.value.empty()) StrAppend(&message, ", found ", Shorten(detail.value));
  if (!detail.fix.empty()) StrAppend(&message, "; ", detail.fix);
  return WithErrorDetail(absl::Status(code, ValidUtf8(message)), detail);
}

absl::Status WithErrorDetail(absl::Status status, const ErrorDetail& detail) {
  ErrorDetail kept = detail;
  kept.value = Shorten(detail.value);
  status.SetPayload(kDetailUrl, absl::Cord(Pack(kept)));
  return status;
}

absl::Status FieldError(std::string_view field, std::string_view value, std::string_view problem,
                        std::string_view fix) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {"INVALID_FIELD", std::string(field), std::string(value), std::string(fix)},
                   problem);
}

std::optional<ErrorDetail> GetErrorDetail(const absl::Status& status) {
  const auto payload = status.GetPayload(kDetailUrl);
  if (!payload) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(std::string(*payload), kSeparator);
  if (parts.size() != 4) return std::nullopt;
  return ErrorDetail{parts[0], parts[1], parts[2], parts[3]};
}

absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  absl::Status out(status.code(), StrCat(context, ": ", status.message()));
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { out.SetPayload(url, payload); });
  return out;
}

absl::Status AtField(const absl::Status& status, std::string_view field) {
  std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (!detail) return Annotate(status, field);
  std::string_view message = ToStd(status.message());
  const std::string before = StrCat(detail->field, ": ");
  if (message.starts_with(before)) message.remove_prefix(before.size());
  detail->field = std::string(field);
  return WithErrorDetail(absl::Status(status.code(), StrCat(field, ": ", message)), *detail);
}

absl::Status InField(const absl::Status& status, std::string_view outer) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (!detail || detail->field.empty()) return status;
  return AtField(status, StrCat(outer, ".", detail->field));
}

std::string Shorten(std::string_view value, size_t limit) {
  if (value.size() <= limit) return std::string(value);
  size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;
  return StrCat(value.substr(0, end), "...");
}

}  // namespace tact

// Status helpers: macros that return early, and errors that name field, value and cure.
#ifndef TACT_COMMON_BASE_STATUS_H_
#define TACT_COMMON_BASE_STATUS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tact {

// What a caller needs to mend an error. It travels inside absl::Status as a payload, and over the
// wire as tact.v1.ErrorDetail; the message of the status carries the same in words.
struct ErrorDetail {
  std::string reason;  // UPPER_SNAKE_CASE, stable, e.g. "PROMPT_TOO_LONG"
  std::string field;   // path of the field or file at fault, e.g. "prompts[3]"
  std::string value;   // what was found, shortened
  std::string fix;     // what to do about it
};

// Builds "<field>: <problem>, found <value>; <fix>" with the detail attached.
absl::Status MakeError(absl::StatusCode code, const ErrorDetail& detail, std::string_view problem);

// INVALID_ARGUMENT for one field of a request, a flag or a file.
absl::Status FieldError(std::string_view field, std::string_view value, std::string_view problem,
                        std::string_view fix);

// `status` with `detail` attached; code and message stay.
absl::Status WithErrorDetail(absl::Status status, const ErrorDetail& detail);

// The detail that MakeError attached, if any.
std::optional<ErrorDetail> GetErrorDetail(const absl::Status& status);

// The same status with "<context>: " before its message; payloads are kept.
absl::Status Annotate(const absl::Status& status, std::string_view context);

// The same status of the field of another message: `field` takes the place of the one it names, in
// the detail and at the beginning of the message.
absl::Status AtField(const absl::Status& status, std::string_view field);
// The same where that message is the field `outer` of another: "prompts" becomes "outer.prompts".
// Without a detail it stays as it is.
absl::Status InField(const absl::Status& status, std::string_view outer);

// At most `limit` bytes of `value`, cut at a code point, with "..." where it was cut.
std::string Shorten(std::string_view value, size_t limit = 60);

// Runs `body` and turns what libraries throw into a Status: bad_alloc into RESOURCE_EXHAUSTED,
// anything else into INTERNAL with its text. The one place where exceptions stop.
template <typename Body>
auto CatchExceptions(std::string_view what, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(std::string(what) + ": out of memory");
  } catch (const std::exception& error) {
    return absl::InternalError(std::string(what) + ": " + error.what());
  }
}

}  // namespace tact

#define TACT_CONCAT_INNER(a, b) a##b
#define TACT_CONCAT(a, b) TACT_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expr)                                                     \
  do {                                                                            \
    if (absl::Status tact_status = (expr); !tact_status.ok()) return tact_status; \
  } while (false)

#define ASSIGN_OR_RETURN(lhs, expr) \
  ASSIGN_OR_RETURN_INNER(TACT_CONCAT(tact_or_, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_INNER(tmp, lhs, expr) \
  auto tmp = (expr);                           \
  if (!tmp.ok()) return tmp.status();          \
  lhs = std::move(tmp).value()

#endif  // TACT_COMMON_BASE_STATUS_H_

// Reads typed values from a JSON object with defaults and ranges; remembers the first error, so
// that a parser reads as a table and checks once at the end.
#ifndef TACT_COMMON_MODEL_JSON_FIELDS_H_
#define TACT_COMMON_MODEL_JSON_FIELDS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tact {

class JsonFields {
 public:
  // `file` is the name for errors. INVALID_ARGUMENT if `text` is not a JSON object.
  static absl::StatusOr<JsonFields> Parse(std::string_view text, std::string_view file);

  // The value of `key`, or `fallback` where it is absent or null. After an error the fallback.
  int64_t Int(std::string_view key, int64_t fallback, int64_t min, int64_t max);
  double Number(std::string_view key, double fallback, double min, double max);
  bool Bool(std::string_view key, bool fallback);
  std::string String(std::string_view key, std::string_view fallback);
  std::vector<std::string> Strings(std::string_view key, std::vector<std::string> fallback);
  // An error unless the value is one of `allowed`.
  std::string OneOf(std::string_view key, std::string_view fallback,
                    const std::vector<std::string>& allowed);

  bool Has(std::string_view key) const;  // present and not null
  const nlohmann::json& json() const { return json_; }
  // The first error wins. `expected` completes "expected ...".
  void Fail(std::string_view key, std::string_view found, std::string_view expected);
  absl::Status status() const { return status_; }

 private:
  JsonFields(nlohmann::json json, std::string_view file) : json_(std::move(json)), file_(file) {}
  const nlohmann::json* Find(std::string_view key) const;  // null if absent or null

  nlohmann::json json_;
  std::string file_;
  absl::Status status_;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_JSON_FIELDS_H_

#include "common/model/json_fields.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"

namespace tact {
namespace {

// Writing a value, as errors do, needs stack for each level.
constexpr int kMaxDepth = 64;

std::string Dump(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

absl::StatusOr<JsonFields> JsonFields::Parse(std::string_view text, std::string_view file) {
  bool deep = false;
  const auto check = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    deep = deep || depth > kMaxDepth;
    return !deep;
  };
  nlohmann::json json = nlohmann::json::parse(text, check, /*allow_exceptions=*/false);
  if (deep || !json.is_object()) {
    return FieldError(file, Shorten(text), "expected a JSON object",
                      "restore the file that came with the model");
  }
  return JsonFields(std::move(json), file);
}

const nlohmann::json* JsonFields::Find(std::string_view key) const {
  const auto it = json_.find(std::string(key));
  return it == json_.end() || it->is_null() ? nullptr : &*it;
}

bool JsonFields::Has(std::string_view key) const { return Find(key) != nullptr; }

void JsonFields::Fail(std::string_view key, std::string_view found, std::string_view expected) {
  if (!status_.ok()) return;
  status_ = FieldError(file_ + ": " + std::string(key), found, "expected " + std::string(expected),
                       "correct the value");
}

int64_t JsonFields::Int(std::string_view key, int64_t fallback, int64_t min, int64_t max) {
  const nlohmann::json* value = Find(key);
  if (value == nullptr || value->is_number_integer()) {
    const int64_t number = value == nullptr ? fallback : value->get<int64_t>();
    if (number >= min && number <= max) return number;
  }
  // A default can be out of range too, where another field bounds it.
  Fail(key, value == nullptr ? absl::StrCat("the default, ", fallback) : Dump(*value),
       absl::StrCat("an integer from ", min, " to ", max));
  return fallback;
}

double JsonFields::Number(std::string_view key, double fallback, double min, double max) {
  const nlohmann::json* value = Find(key);
  if (value == nullptr) return fallback;
  if (value->is_number()) {
    const double number = value->get<double>();
    if (number >= min && number <= max) return number;
  }
  Fail(key, Dump(*value), absl::StrCat("a number from ", min, " to ", max));
  return fallback;
}

bool JsonFields::Bool(std::string_view key, bool fallback) {
  const nlohmann::json* value = Find(key);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  Fail(key, Dump(*value), "true or false");
  return fallback;
}

std::string JsonFields::String(std::string_view key, std::string_view fallback) {
  const nlohmann::json* value = Find(key);
  if (value != nullptr && value->is_string()) return value->get<std::string>();
  if (value != nullptr) Fail(key, Dump(*value), "a string");
  return std::string(fallback);
}

std::vector<std::string> JsonFields::Strings(std::string_view key,
                                             std::vector<std::string> fallback) {
  const nlohmann::json* value = Find(key);
  if (value == nullptr) return fallback;
  const auto is_string = [](const nlohmann::json& item) { return item.is_string(); };
  if (value->is_array() && std::ranges::all_of(*value, is_string)) {
    return value->get<std::vector<std::string>>();
  }
  Fail(key, Dump(*value), "a list of strings");
  return fallback;
}

std::string JsonFields::OneOf(std::string_view key, std::string_view fallback,
                              const std::vector<std::string>& allowed) {
  const std::string value = String(key, fallback);
  if (std::ranges::find(allowed, value) == allowed.end()) {
    Fail(key, value, absl::StrCat("one of ", absl::StrJoin(allowed, ", ")));
  }
  return value;
}

}  // namespace tact

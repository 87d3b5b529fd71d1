#include "common/text/tokenizer_settings.h"

#include <algorithm>
#include <limits>

#include "common/base/file.h"
#include "common/base/json_text.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "nlohmann/json.hpp"

namespace tact {
namespace {

using nlohmann::json;

constexpr std::array<const char*, kRoleCount> kRoleKeys = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};
constexpr size_t kMaxBytes = size_t{16} << 20;
constexpr int kMaxExtraIds = 100'000;

// An absent file is an empty object.
absl::StatusOr<json> ReadJsonObject(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return json::object();
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kMaxBytes));
  json parsed = json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) {
    return FieldError(path.string(), Shorten(bytes, 20), "not a json object",
                      "copy the tokenizer's files again");
  }
  return parsed;
}

// A token is a string or {"content", "lstrip", "rstrip"}; `as_string` gives a string's stripping.
absl::StatusOr<AddedToken> ParseToken(const json& value, const AddedToken& as_string,
                                      const std::string& where) {
  if (value.is_string()) {
    AddedToken token = as_string;
    token.content = value.get<std::string>();
    return token;
  }
  if (value.is_object() && value.contains("content") && value["content"].is_string()) {
    const auto flag = [&](const char* key) {
      return value.contains(key) && value[key].is_boolean() && value[key].get<bool>();
    };
    return AddedToken{value["content"].get<std::string>(), flag("lstrip"), flag("rstrip"),
                      flag("normalized"), flag("single_word")};
  }
  return FieldError(where, JsonText(value),
                    "a token must be a string or an object with a string \"content\"",
                    "mend the file or remove the key");
}

absl::StatusOr<std::vector<AddedToken>> ParseTokens(const json& value, const AddedToken& plain,
                                                    const std::string& where) {
  if (!value.is_array()) {
    return FieldError(where, value.type_name(), "must be a list of tokens", "mend the file");
  }
  std::vector<AddedToken> tokens;
  for (const auto& item : value) {
    ASSIGN_OR_RETURN(auto token, ParseToken(item, plain, where));
    tokens.push_back(std::move(token));
  }
  return tokens;
}

// Named and additional tokens of one file.
absl::Status ReadTokens(const json& object, const std::string& file, bool is_map,
                        const AddedToken& plain, SpecialTokens* special,
                        std::optional<std::vector<AddedToken>>* more) {
  for (size_t role = 0; role < kRoleCount; ++role) {
    const auto found = object.find(kRoleKeys[role]);
    if (found == object.end()) continue;
    auto& slot = special->named[role];
    if (found->is_null()) {
      slot.reset();
      continue;
    }
    const AddedToken as_string = is_map ? plain : slot.value_or(plain);
    ASSIGN_OR_RETURN(slot, ParseToken(*found, as_string, StrCat(file, ": ", kRoleKeys[role])));
  }
  const auto found = object.find("additional_special_tokens");
  if (found == object.end() || found->is_null()) return absl::OkStatus();
  ASSIGN_OR_RETURN(*more, ParseTokens(*found, plain, StrCat(file, ": additional_special_tokens")));
  return absl::OkStatus();
}

absl::Status ReadOptions(const json& config, const std::string& file, TokenizerSettings* out) {
  if (const auto found = config.find("extra_ids"); found != config.end()) {
    const bool good = found->is_number_integer() && *found >= 0 && *found <= kMaxExtraIds;
    if (!good) {
      return FieldError(StrCat(file, ": extra_ids"), found->dump(),
                        StrCat("must be a whole number from 0 to ", kMaxExtraIds),
                        "T5 and FLAN-T5 have 100");
    }
    out->extra_ids = found->get<int>();
  }
  if (const auto found = config.find("add_prefix_space"); found != config.end()) {
    out->add_prefix_space = found->is_boolean() && found->get<bool>();
  }
  return absl::OkStatus();
}

absl::Status ReadAdded(const json& object, const std::string& file, TokenizerSettings* out) {
  for (const auto& [token, id] : object.items()) {
    const bool good =
        id.is_number_integer() && id >= 0 && id <= std::numeric_limits<int32_t>::max();
    if (!good || token.empty()) {
      return FieldError(StrCat(file, ": \"", token, "\""), JsonText(id),
                        "must be a token id of 0 or more", "copy the tokenizer's files again");
    }
    out->added.emplace_back(token, id.get<int32_t>());
  }
  std::sort(out->added.begin(), out->added.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TokenizerSettings> ReadTokenizerSettings(const std::filesystem::path& folder,
                                                        TokenizerSettings defaults) {
  TokenizerSettings out = std::move(defaults);
  const auto config_file = folder / "tokenizer_config.json";
  ASSIGN_OR_RETURN(const json config, ReadJsonObject(config_file));
  RETURN_IF_ERROR(ReadTokens(config, config_file.string(), false, out.plain, &out.special,
                             &out.config_additional));
  RETURN_IF_ERROR(ReadOptions(config, config_file.string(), &out));

  const auto map_file = folder / "special_tokens_map.json";
  ASSIGN_OR_RETURN(const json map, ReadJsonObject(map_file));
  RETURN_IF_ERROR(
      ReadTokens(map, map_file.string(), true, out.plain, &out.special, &out.map_additional));

  const auto added_file = folder / "added_tokens.json";
  ASSIGN_OR_RETURN(const json added, ReadJsonObject(added_file));
  RETURN_IF_ERROR(ReadAdded(added, added_file.string(), &out));
  return out;
}

absl::Status RequireRoles(const SpecialTokens& special, std::initializer_list<TokenRole> roles,
                          std::string_view names, std::string_view file) {
  for (const TokenRole role : roles) {
    if (special.named[role]) continue;
    return FieldError(file, "null", StrCat("the tokenizer has no ", names, " token"),
                      "name them in special_tokens_map.json");
  }
  return absl::OkStatus();
}

absl::Status UnknownTokenError(std::string_view file, std::string_view token) {
  return FieldError(file, token, "the vocabulary lacks the unknown token",
                    "copy vocabulary and special_tokens_map.json from the same model");
}

absl::Status AddedIdError(std::string_view file, std::string_view token, int32_t found,
                          int32_t expected) {
  return FieldError(
      StrCat(file, " with added_tokens.json: \"", token, "\""), StrCat(found),
      StrCat("the added token must have id ", expected, ", the next one of this vocabulary"),
      "copy vocabulary and added_tokens.json from the same model");
}

}  // namespace tact

// The small json files beside a Hugging Face vocabulary: tokenizer_config.json,
// special_tokens_map.json, added_tokens.json, read in from_pretrained's order of strength.
#ifndef TACT_COMMON_TEXT_TOKENIZER_SETTINGS_H_
#define TACT_COMMON_TEXT_TOKENIZER_SETTINGS_H_

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/special_tokens.h"

namespace tact {

struct TokenizerSettings {
  SpecialTokens special;
  int extra_ids = 0;  // T5's sentinels
  bool add_prefix_space = false;
  AddedToken plain;  // what a token written as a plain string does, but for its content
  std::vector<std::pair<std::string, int32_t>> added;  // added_tokens.json, by id

  // additional_special_tokens as the two files have them; the map is the stronger one.
  std::optional<std::vector<AddedToken>> config_additional;
  std::optional<std::vector<AddedToken>> map_additional;
};

// `defaults` are the tokenizer class's own. A plain string in tokenizer_config.json keeps the
// default's stripping; one in special_tokens_map.json does what `plain` says, as in Python.
// INVALID_ARGUMENT names file, key and what was expected; files that are not there are fine.
absl::StatusOr<TokenizerSettings> ReadTokenizerSettings(const std::filesystem::path& folder,
                                                        TokenizerSettings defaults);

// INVALID_ARGUMENT that names `file` and lists `names` if one of the roles has no token.
absl::Status RequireRoles(const SpecialTokens& special, std::initializer_list<TokenRole> roles,
                          std::string_view names, std::string_view file);

absl::Status UnknownTokenError(std::string_view file, std::string_view token);

// What to say where added_tokens.json gives a token another id than the vocabulary leaves it.
absl::Status AddedIdError(std::string_view file, std::string_view token, int32_t found,
                          int32_t expected);

}  // namespace tact

#endif  // TACT_COMMON_TEXT_TOKENIZER_SETTINGS_H_

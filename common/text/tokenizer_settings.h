// The small json files beside a Hugging Face vocabulary: tokenizer_config.json,
// special_tokens_map.json, added_tokens.json, read in from_pretrained's order of strength.
#ifndef TACT_COMMON_TEXT_TOKENIZER_SETTINGS_H_
#define TACT_COMMON_TEXT_TOKENIZER_SETTINGS_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/special_tokens.h"

namespace tact {

struct TokenizerSettings {
  SpecialTokens special;
  int extra_ids = 0;  // T5's sentinels
  bool add_prefix_space = false;
  std::vector<std::pair<std::string, int32_t>> added;  // added_tokens.json, by id

  // additional_special_tokens as the two files have them; the map is the stronger one.
  std::optional<std::vector<AddedToken>> config_additional;
  std::optional<std::vector<AddedToken>> map_additional;
};

// `defaults` are the tokenizer class's own. A plain string in tokenizer_config.json keeps the
// default's stripping; one in special_tokens_map.json strips both sides, as in Python.
// INVALID_ARGUMENT names file, key and what was expected; files that are not there are fine.
absl::StatusOr<TokenizerSettings> ReadTokenizerSettings(const std::filesystem::path& folder,
                                                        TokenizerSettings defaults);

}  // namespace tact

#endif  // TACT_COMMON_TEXT_TOKENIZER_SETTINGS_H_

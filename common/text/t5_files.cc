#include "common/text/t5_files.h"

#include <system_error>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr size_t kMaxModelBytes = size_t{64} << 20;

TokenizerSettings Defaults(TokenizerFlavor flavor) {
  TokenizerSettings defaults;
  const bool strips = flavor == TokenizerFlavor::kSlow;
  defaults.plain = AddedToken{"", strips, strips};
  defaults.special.named[kEos] = AddedToken{"</s>", strips, strips};
  defaults.special.named[kUnk] = AddedToken{"<unk>", strips, strips};
  defaults.special.named[kPad] = AddedToken{"<pad>", strips, strips};
  defaults.extra_ids = 100;
  return defaults;
}

// Sentinels are special tokens; a list in tokenizer_config.json has to hold all of them.
absl::StatusOr<std::vector<AddedToken>> AdditionalTokens(const TokenizerSettings& settings,
                                                         const std::filesystem::path& folder) {
  std::vector<AddedToken> sentinels;
  for (int i = 0; i < settings.extra_ids; ++i) {
    sentinels.push_back(settings.plain);
    sentinels.back().content = StrCat(kSentinelStart, i, ">");
  }
  if (settings.config_additional && settings.extra_ids > 0) {
    int listed = 0;
    for (const auto& token : *settings.config_additional) {
      listed += token.content.find("extra_id") != std::string::npos ? 1 : 0;
    }
    if (listed != settings.extra_ids) {
      return FieldError((folder / "tokenizer_config.json").string(), StrCat(listed),
                        StrCat("additional_special_tokens must hold all ", settings.extra_ids,
                               " tokens <extra_id_...>"),
                        "remove additional_special_tokens, or set extra_ids to their number");
    }
  }
  if (settings.map_additional) return *settings.map_additional;
  return settings.config_additional.value_or(std::move(sentinels));
}

}  // namespace

absl::StatusOr<T5Files> LoadT5Files(const std::filesystem::path& folder, TokenizerFlavor flavor) {
  T5Files out;
  out.file = (folder / "spiece.model").string();
  ASSIGN_OR_RETURN(out.settings, ReadTokenizerSettings(folder, Defaults(flavor)));
  ASSIGN_OR_RETURN(out.settings.special.additional, AdditionalTokens(out.settings, folder));
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(out.file, kMaxModelBytes));
  ASSIGN_OR_RETURN(out.proto, ParseSentencePieceProto(bytes, out.file));
  ASSIGN_OR_RETURN(out.charsmap, Charsmap::Parse(out.proto.charsmap, out.file));
  ASSIGN_OR_RETURN(out.model, SentencePieceModel::Open(bytes, out.file));
  std::error_code error;
  out.has_tokenizer_json = std::filesystem::exists(folder / "tokenizer.json", error);
  return out;
}

}  // namespace tact

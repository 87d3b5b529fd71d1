#include "common/text/fast_tokenizer.h"

#include <algorithm>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/clean_up.h"
#include "common/text/utf8.h"

namespace tact {

// Tokens of added_tokens.json must continue the vocabulary, or be in it with the id they name.
absl::Status FastTokenizer::AddFromFile(const TokenizerSettings& settings, std::string_view file) {
  const std::vector<AddedToken> special = settings.special.All();
  for (const auto& [token, id] : settings.added) {
    const bool is_special = std::any_of(special.begin(), special.end(),
                                        [&](const auto& other) { return other.content == token; });
    if (is_special) {
      added_->AddSpecial({token, false, false});
    } else {
      added_->AddPlain(token);
    }
    const int32_t expected = added_->TokenToId(token);
    if (expected != id) return AddedIdError(file, token, id, expected);
  }
  return absl::OkStatus();
}

absl::Status FastTokenizer::FinishLoading(const TokenizerSettings& settings,
                                          std::string_view file) {
  const auto& named = settings.special.named;
  RETURN_IF_ERROR(RequireRoles(settings.special, {kPad, kEos, kUnk}, "pad, eos or unk", file));
  const std::string& unknown = named[kUnk]->content;
  if (ModelTokenToId(unknown) < 0) return UnknownTokenError(file, unknown);
  added_ = std::make_unique<AddedVocabulary>(
      ModelSize(), [this](std::string_view token) { return ModelTokenToId(token); });
  RETURN_IF_ERROR(AddFromFile(settings, file));
  for (const auto& token : settings.special.All()) added_->AddSpecial(token);
  for (size_t role = 0; role < kRoleCount; ++role) {
    if (named[role]) role_ids_[role] = TokenToId(named[role]->content);
  }
  added_->Finish([this](std::string_view text) { return Normalize(text); });
  return absl::OkStatus();
}

void FastTokenizer::EncodeInto(std::string_view text, TokenList* out) const {
  const std::string valid = ReplaceInvalidUtf8(text);
  for (const auto& raw : added_->SplitRaw(valid)) {
    if (raw.id >= 0) {
      out->Add(raw.id, raw.text);
      continue;
    }
    const std::string normalized = Normalize(raw.text);
    for (const auto& part : added_->SplitNormalized(normalized)) {
      if (part.id >= 0) {
        out->Add(part.id, part.text);
      } else {
        AppendTokens(part.text, out);
      }
    }
  }
}

std::vector<int32_t> FastTokenizer::EncodeBare(std::string_view text) const {
  TokenList tokens;
  EncodeInto(text, &tokens);
  return std::move(tokens.ids);
}

std::vector<std::string> FastTokenizer::Tokenize(std::string_view text) const {
  std::vector<std::string> texts;
  TokenList tokens{{}, &texts};
  EncodeInto(text, &tokens);
  return texts;
}

std::string FastTokenizer::Decode(std::span<const int32_t> ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  for (const int32_t id : ids) {
    std::string token = IdToToken(id);
    if (token.empty() || (skip_special_tokens && added_->IsSpecial(token))) continue;
    tokens.push_back(std::move(token));
  }
  return ReplaceInvalidUtf8(CleanUpTokenization(JoinTokens(tokens)));
}

std::string FastTokenizer::IdToToken(int32_t id) const {
  const std::string* added = added_->IdToToken(id);
  return added != nullptr ? *added : ModelIdToToken(id);
}

int32_t FastTokenizer::TokenToId(std::string_view token) const {
  const int32_t id = added_->TokenToId(token);
  return id >= 0 || !role_ids_[kUnk] ? id : unk_id();
}

}  // namespace tact

#include "common/text/slow_tokenizer.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/clean_up.h"
#include "common/text/utf8.h"

namespace tact {

void SlowTokenizer::AddUnlessKnown(const std::string& token) {
  if (token == unk_token_ || TokenToId(token) != base_unk_id_) return;
  added_ids_.emplace(token, vocab_size());
  added_tokens_.push_back(token);
}

// Tokens of added_tokens.json must continue the vocabulary, or be in it with the id they name.
absl::Status SlowTokenizer::AddFromFile(const TokenizerSettings& settings, std::string_view file) {
  for (const auto& [token, id] : settings.added) {
    AddUnlessKnown(token);
    if (TokenToId(token) == id) continue;
    return AddedIdError(file, token, id, TokenToId(token));
  }
  return absl::OkStatus();
}

absl::Status SlowTokenizer::FinishLoading(const TokenizerSettings& settings,
                                          std::string_view file) {
  const auto& named = settings.special.named;
  RETURN_IF_ERROR(RequireRoles(settings.special, {kPad, kEos, kUnk}, "pad, eos or unk", file));
  unk_token_ = named[kUnk]->content;
  base_unk_id_ = BaseTokenToId(unk_token_);
  if (base_unk_id_ < 0) return UnknownTokenError(file, unk_token_);
  RETURN_IF_ERROR(AddFromFile(settings, file));
  std::vector<AddedToken> unsplit = settings.special.All();
  for (const auto& token : unsplit) AddUnlessKnown(token.content);
  for (const auto& token : unsplit) {
    const int32_t id = TokenToId(token.content);
    special_tokens_.emplace(token.content, id);
    special_ids_.insert(id);
  }
  for (const auto& token : added_tokens_) {
    if (!special_tokens_.contains(token)) unsplit.push_back({token});
  }
  for (size_t role = 0; role < kRoleCount; ++role) {
    if (named[role]) role_ids_[role] = TokenToId(named[role]->content);
  }
  splitter_ = std::make_unique<SpecialTokenSplitter>(std::move(unsplit));
  return absl::OkStatus();
}

void SlowTokenizer::EncodeInto(std::string_view text, TokenList* out) const {
  const std::string prepared = Prepare(ReplaceInvalidUtf8(text));
  for (const auto& part : splitter_->Split(prepared)) {
    if (part.special) {
      out->Add(TokenToId(part.text), part.text);
    } else {
      AppendTokens(part.text, out);
    }
  }
}

std::vector<int32_t> SlowTokenizer::EncodeBare(std::string_view text) const {
  TokenList tokens;
  EncodeInto(text, &tokens);
  return std::move(tokens.ids);
}

std::vector<std::string> SlowTokenizer::Tokenize(std::string_view text) const {
  std::vector<std::string> texts;
  TokenList tokens{{}, &texts};
  EncodeInto(text, &tokens);
  return texts;
}

std::string SlowTokenizer::Decode(std::span<const int32_t> ids, bool skip_special_tokens) const {
  std::vector<std::string> texts;
  std::vector<std::string> run;  // tokens that the model's own tokenizer joins
  const auto flush = [&] {
    if (!run.empty()) texts.push_back(JoinTokens(run));
    run.clear();
  };
  for (const int32_t id : ids) {
    if (skip_special_tokens && special_ids_.contains(id)) continue;
    std::string token = IdToToken(id);
    if (token.empty()) continue;
    if (!added_ids_.contains(token)) {
      run.push_back(std::move(token));
      continue;
    }
    flush();
    texts.push_back(std::move(token));
  }
  flush();
  return ReplaceInvalidUtf8(CleanUpTokenization(absl::StrJoin(texts, " ")));
}

std::string SlowTokenizer::IdToToken(int32_t id) const {
  const int64_t added = int64_t{id} - BaseVocabSize();
  if (added >= 0 && added < static_cast<int64_t>(added_tokens_.size())) {
    return added_tokens_[static_cast<size_t>(added)];
  }
  return BaseIdToToken(id);
}

int32_t SlowTokenizer::TokenToId(std::string_view token) const {
  const auto found = added_ids_.find(token);
  return found != added_ids_.end() ? found->second : BaseTokenToId(token);
}

}  // namespace tact

#include "common/text/roberta_tokenizer.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/pretokenize.h"
#include "common/text/utf8.h"

namespace tact {
namespace {

constexpr size_t kMaxFileBytes = size_t{64} << 20;

TokenizerSettings Defaults() {
  TokenizerSettings defaults;
  auto& named = defaults.special.named;
  for (const TokenRole role : {kBos, kCls}) named[role] = AddedToken{"<s>", false, false};
  for (const TokenRole role : {kEos, kSep}) named[role] = AddedToken{"</s>", false, false};
  named[kUnk] = AddedToken{"<unk>", false, false};
  named[kPad] = AddedToken{"<pad>", false, false};
  named[kMask] = AddedToken{"<mask>", true, false};
  return defaults;
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Tokenizer>> RobertaTokenizer::Load(
    const std::filesystem::path& folder) {
  const auto file = folder / "vocab.json";
  ASSIGN_OR_RETURN(TokenizerSettings settings, ReadTokenizerSettings(folder, Defaults()));
  auto& special = settings.special;
  if (settings.config_additional) special.additional = *settings.config_additional;
  if (settings.map_additional) special.additional = *settings.map_additional;
  for (const TokenRole role : {kCls, kSep, kUnk}) {
    if (special.named[role]) continue;
    return FieldError(file.string(), "null", "the tokenizer has no cls, sep or unk token",
                      "name them in special_tokens_map.json");
  }
  ASSIGN_OR_RETURN(const std::string json, ReadFile(file, kMaxFileBytes));
  ASSIGN_OR_RETURN(BpeVocabulary vocabulary, ParseBpeVocabulary(json, file.string()));
  ASSIGN_OR_RETURN(const std::string merges, ReadFile(folder / "merges.txt", kMaxFileBytes));
  const auto unk = vocabulary.ids.find(special.named[kUnk]->content);
  const int32_t unk_id = unk == vocabulary.ids.end() ? -1 : unk->second;
  std::unique_ptr<RobertaTokenizer> tokenizer(
      new RobertaTokenizer(std::move(vocabulary), merges, unk_id, settings.add_prefix_space));
  RETURN_IF_ERROR(tokenizer->FinishLoading(settings, file.string()));
  return tokenizer;
}

std::vector<int32_t> RobertaTokenizer::AddSpecialTokens(std::span<const int32_t> ids) const {
  std::vector<int32_t> out = {*role_id(kCls)};
  out.insert(out.end(), ids.begin(), ids.end());
  out.push_back(*role_id(kSep));
  return out;
}

std::vector<int32_t> RobertaTokenizer::AddSpecialTokens(std::span<const int32_t> a,
                                                        std::span<const int32_t> b) const {
  std::vector<int32_t> out = AddSpecialTokens(a);
  out.push_back(*role_id(kSep));
  out.insert(out.end(), b.begin(), b.end());
  out.push_back(*role_id(kSep));
  return out;
}

void RobertaTokenizer::AppendIds(std::string_view text, std::vector<int32_t>* ids) const {
  for (const std::string_view word : PretokenizeGpt2(text)) merger_.AppendIds(word, ids);
}

std::string RobertaTokenizer::JoinTokens(std::span<const std::string> tokens) const {
  return ReplaceInvalidUtf8(BytesOfTokens(absl::StrJoin(tokens, "")));
}

std::string RobertaTokenizer::BaseIdToToken(int32_t id) const {
  const auto& tokens = vocabulary_.tokens;
  return id >= 0 && static_cast<size_t>(id) < tokens.size() ? tokens[static_cast<size_t>(id)] : "";
}

int32_t RobertaTokenizer::BaseTokenToId(std::string_view token) const {
  const auto found = vocabulary_.ids.find(token);
  return found == vocabulary_.ids.end() ? unk_id_ : found->second;
}

std::string RobertaTokenizer::Prepare(std::string text) const {
  if (!add_prefix_space_ || text.empty()) return text;
  size_t next = 0;
  return IsPythonSpace(NextCodePoint(text, &next)) ? text : StrCat(" ", text);
}

}  // namespace tact

#include "common/text/roberta_tokenizer.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/pretokenize.h"
#include "common/text/roberta_files.h"
#include "common/text/utf8.h"

namespace tact {

absl::StatusOr<std::unique_ptr<const Tokenizer>> RobertaTokenizer::Load(
    const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(RobertaFiles files, LoadRobertaFiles(folder, TokenizerFlavor::kSlow));
  std::unique_ptr<RobertaTokenizer> tokenizer(new RobertaTokenizer(
      std::move(files.vocabulary), files.merges, files.unk_id, files.settings.add_prefix_space));
  RETURN_IF_ERROR(tokenizer->FinishLoading(files.settings, files.file));
  return tokenizer;
}

std::vector<int32_t> RobertaTokenizer::AddSpecialTokens(std::span<const int32_t> ids) const {
  return RobertaSequence({*role_id(kCls), *role_id(kSep)}, ids);
}

std::vector<int32_t> RobertaTokenizer::AddSpecialTokens(std::span<const int32_t> a,
                                                        std::span<const int32_t> b) const {
  return RobertaPair({*role_id(kCls), *role_id(kSep)}, a, b);
}

void RobertaTokenizer::AppendTokens(std::string_view text, TokenList* out) const {
  for (const std::string_view word : PretokenizeGpt2(text)) merger_.AppendTokens(word, out);
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

#include "common/text/roberta_fast_tokenizer.h"

#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/pretokenize.h"
#include "common/text/utf8.h"

namespace tact {

absl::StatusOr<std::unique_ptr<const Tokenizer>> RobertaFastTokenizer::Load(
    const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(RobertaFiles files, LoadRobertaFiles(folder, TokenizerFlavor::kFast));
  const TokenizerSettings settings = files.settings;
  const std::string file = files.file;
  std::unique_ptr<RobertaFastTokenizer> tokenizer(new RobertaFastTokenizer(std::move(files)));
  RETURN_IF_ERROR(tokenizer->FinishLoading(settings, file));
  return tokenizer;
}

std::vector<int32_t> RobertaFastTokenizer::AddSpecialTokens(std::span<const int32_t> ids) const {
  return RobertaSequence({*role_id(kCls), *role_id(kSep)}, ids);
}

std::vector<int32_t> RobertaFastTokenizer::AddSpecialTokens(std::span<const int32_t> a,
                                                            std::span<const int32_t> b) const {
  return RobertaPair({*role_id(kCls), *role_id(kSep)}, a, b);
}

void RobertaFastTokenizer::AppendTokens(std::string_view text, TokenList* out) const {
  std::string prefixed;
  if (add_prefix_space_ && !text.starts_with(' ')) {
    prefixed = StrCat(" ", text);
    text = prefixed;
  }
  for (const std::string_view word : PretokenizeGpt2(text)) merger_.AppendTokens(word, out);
}

std::string RobertaFastTokenizer::JoinTokens(std::span<const std::string> tokens) const {
  std::string bytes;
  for (const auto& token : tokens) StrAppend(&bytes, BytesOfToken(token));
  return ReplaceInvalidUtf8(bytes);
}

std::string RobertaFastTokenizer::ModelIdToToken(int32_t id) const {
  const auto& tokens = vocabulary_.tokens;
  return id >= 0 && static_cast<size_t>(id) < tokens.size() ? tokens[static_cast<size_t>(id)] : "";
}

int32_t RobertaFastTokenizer::ModelTokenToId(std::string_view token) const {
  const auto found = vocabulary_.ids.find(token);
  return found == vocabulary_.ids.end() ? -1 : found->second;
}

}  // namespace tact

#include "common/text/t5_fast_tokenizer.h"

#include <utility>

#include "absl/strings/str_replace.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/t5_files.h"

namespace tact {
namespace {

constexpr std::string_view kSpace = "\xE2\x96\x81";  // "▁", what stands for a space in pieces
constexpr int64_t kUnigram = 1;

// The pieces, and behind them the sentinels, counting down.
Unigram MakeUnigram(const T5Files& files) {
  std::vector<std::string> pieces;
  std::vector<double> scores;
  for (const auto& piece : files.proto.pieces) {
    pieces.push_back(piece.text);
    scores.push_back(files.has_tokenizer_json ? ScoreFromJson(piece.score) : double{piece.score});
  }
  for (int i = files.settings.extra_ids - 1; i >= 0; --i) {
    pieces.push_back(StrCat(kSentinelStart, i, ">"));
    scores.push_back(0);
  }
  return Unigram(std::move(pieces), std::move(scores), static_cast<int32_t>(files.proto.unk_id));
}

// Python's Replace(" {2,}", " ").
std::string CollapseSpaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c != ' ' || out.empty() || out.back() != ' ') out.push_back(c);
  }
  return out;
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Tokenizer>> T5FastTokenizer::Load(
    const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(T5Files files, LoadT5Files(folder, TokenizerFlavor::kFast));
  if (files.proto.model_type != kUnigram) {
    return FieldError(files.file, StrCat("model type ", files.proto.model_type),
                      "not a unigram model, which T5's are", "choose the slow tokenizer");
  }
  std::unique_ptr<T5FastTokenizer> tokenizer(
      new T5FastTokenizer(std::move(files.charsmap), MakeUnigram(files)));
  RETURN_IF_ERROR(tokenizer->FinishLoading(files.settings, files.file));
  tokenizer->end_id_ = tokenizer->TokenToId("</s>");
  return tokenizer;
}

std::vector<int32_t> T5FastTokenizer::AddSpecialTokens(std::span<const int32_t> ids) const {
  std::vector<int32_t> out(ids.begin(), ids.end());
  out.push_back(end_id_);
  return out;
}

std::vector<int32_t> T5FastTokenizer::AddSpecialTokens(std::span<const int32_t> a,
                                                       std::span<const int32_t> b) const {
  std::vector<int32_t> out = AddSpecialTokens(a);
  out.insert(out.end(), b.begin(), b.end());
  out.push_back(end_id_);
  return out;
}

std::string T5FastTokenizer::Normalize(std::string_view text) const {
  return CollapseSpaces(charsmap_.Normalize(text));
}

// Python's Metaspace: each "▁" begins a word, the first word has one in any case.
void T5FastTokenizer::AppendTokens(std::string_view text, TokenList* out) const {
  std::string marked = absl::StrReplaceAll(ToAbsl(text), {{" ", ToAbsl(kSpace)}});
  if (!marked.starts_with(kSpace)) marked.insert(0, kSpace);
  const std::string_view words = marked;
  for (size_t begin = 0; begin < words.size();) {
    const size_t end = std::min(words.find(kSpace, begin + kSpace.size()), words.size());
    unigram_.Append(words.substr(begin, end - begin), out);
    begin = end;
  }
}

// Each "▁" is a space, but for those of the first token, which are nothing.
std::string T5FastTokenizer::JoinTokens(std::span<const std::string> tokens) const {
  std::string out;
  for (size_t i = 0; i < tokens.size(); ++i) {
    StrAppend(&out, absl::StrReplaceAll(tokens[i], {{ToAbsl(kSpace), i == 0 ? "" : " "}}));
  }
  return out;
}

std::string T5FastTokenizer::ModelIdToToken(int32_t id) const {
  return id >= 0 && id < unigram_.size() ? unigram_.piece(id) : "";
}

}  // namespace tact

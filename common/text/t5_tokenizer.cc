#include "common/text/t5_tokenizer.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/t5_files.h"
#include "common/text/utf8.h"

namespace tact {

absl::StatusOr<std::unique_ptr<const Tokenizer>> T5Tokenizer::Load(
    const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(T5Files files, LoadT5Files(folder, TokenizerFlavor::kSlow));
  std::unique_ptr<T5Tokenizer> tokenizer(
      new T5Tokenizer(std::move(files.model), files.settings.extra_ids));
  RETURN_IF_ERROR(tokenizer->FinishLoading(files.settings, files.file));
  return tokenizer;
}

void T5Tokenizer::AppendTokens(std::string_view text, TokenList* out) const {
  for (const auto& [piece, id] : pieces_->Encode(text)) {
    // A piece that is an added token or looks like a sentinel has its id from there.
    out->Add(piece[0] == '<' ? TokenToId(piece) : id, piece);
  }
}

std::vector<int32_t> T5Tokenizer::AddSpecialTokens(std::span<const int32_t> ids) const {
  std::vector<int32_t> out(ids.begin(), ids.end());
  if (out.empty() || out.back() != eos_id()) out.push_back(eos_id());
  return out;
}

std::vector<int32_t> T5Tokenizer::AddSpecialTokens(std::span<const int32_t> a,
                                                   std::span<const int32_t> b) const {
  std::vector<int32_t> out = AddSpecialTokens(a);
  const std::vector<int32_t> second = AddSpecialTokens(b);
  out.insert(out.end(), second.begin(), second.end());
  return out;
}

// Python's convert_tokens_to_string: special tokens pass through, with a space before what stands
// between two of them; the rest is sentencepiece's.
std::string T5Tokenizer::JoinTokens(std::span<const std::string> tokens) const {
  std::string out;
  std::vector<std::string> run;
  bool after_special = false;
  for (const auto& token : tokens) {
    if (!IsSpecialToken(token)) {
      run.push_back(token);
      after_special = false;
      continue;
    }
    StrAppend(&out, after_special ? "" : " ", pieces_->Decode(run), token);
    run.clear();
    after_special = true;
  }
  StrAppend(&out, pieces_->Decode(run));
  return std::string(Strip(out));
}

std::string T5Tokenizer::BaseIdToToken(int32_t id) const {
  if (id < pieces_->size()) return pieces_->IdToPiece(id);
  // Above the vocabulary the number is negative: Python's text for the padding rows of an
  // embedding.
  return StrCat(kSentinelStart, int64_t{BaseVocabSize()} - 1 - id, ">");
}

int32_t T5Tokenizer::BaseTokenToId(std::string_view token) const {
  if (token.starts_with(kSentinelStart)) {
    const std::string_view rest = token.substr(kSentinelStart.size());
    int32_t number = 0;
    const size_t end = rest.find('>');
    if (end != std::string_view::npos &&
        absl::SimpleAtoi(std::string(rest.substr(0, end)), &number) && number >= 0 &&
        number < BaseVocabSize()) {
      return BaseVocabSize() - number - 1;
    }
  }
  return pieces_->PieceToId(token);
}

}  // namespace tact

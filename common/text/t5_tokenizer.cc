#include "common/text/t5_tokenizer.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/utf8.h"

namespace tact {
namespace {

constexpr std::string_view kSentinel = "<extra_id_";
constexpr size_t kMaxModelBytes = size_t{64} << 20;

TokenizerSettings Defaults() {
  TokenizerSettings defaults;
  defaults.special.named[kEos] = AddedToken{"</s>"};
  defaults.special.named[kUnk] = AddedToken{"<unk>"};
  defaults.special.named[kPad] = AddedToken{"<pad>"};
  defaults.extra_ids = 100;
  return defaults;
}

// Sentinels are special tokens; a list in tokenizer_config.json has to hold all of them.
absl::StatusOr<std::vector<AddedToken>> AdditionalTokens(const TokenizerSettings& settings,
                                                         const std::filesystem::path& folder) {
  std::vector<AddedToken> sentinels;
  for (int i = 0; i < settings.extra_ids; ++i) {
    sentinels.push_back({StrCat(kSentinel, i, ">")});
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

absl::StatusOr<std::unique_ptr<const Tokenizer>> T5Tokenizer::Load(
    const std::filesystem::path& folder) {
  const auto file = folder / "spiece.model";
  ASSIGN_OR_RETURN(TokenizerSettings settings, ReadTokenizerSettings(folder, Defaults()));
  ASSIGN_OR_RETURN(settings.special.additional, AdditionalTokens(settings, folder));
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(file, kMaxModelBytes));
  ASSIGN_OR_RETURN(auto pieces, SentencePieceModel::Open(bytes, file.string()));
  std::unique_ptr<T5Tokenizer> tokenizer(new T5Tokenizer(std::move(pieces), settings.extra_ids));
  RETURN_IF_ERROR(tokenizer->FinishLoading(settings, file.string()));
  return tokenizer;
}

void T5Tokenizer::AppendIds(std::string_view text, std::vector<int32_t>* ids) const {
  for (const auto& [piece, id] : pieces_->Encode(text)) {
    // A piece that is an added token or looks like a sentinel has its id from there.
    ids->push_back(piece[0] == '<' ? TokenToId(piece) : id);
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
  return StrCat(kSentinel, int64_t{BaseVocabSize()} - 1 - id, ">");
}

int32_t T5Tokenizer::BaseTokenToId(std::string_view token) const {
  if (token.starts_with(kSentinel)) {
    const std::string_view rest = token.substr(kSentinel.size());
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

// T5's tokenizer, fast flavour: exactly T5TokenizerFast of transformers 4.27.2 over tokenizers
// 0.13, which is what AutoTokenizer gives and so what notebooks use.
//
// Against the slow one (t5_tokenizer.h): white space at the end of a text is one more piece "▁",
// and white space around special tokens stays; </s> is appended to every text; characters are
// normalized grapheme by grapheme; ties between two ways to cut a word can go the other way; a pair
// whose second text is empty is no pair; decoding puts no space around special tokens and strips
// nothing.
//
// Built from spiece.model alone, by the rules of transformers' T5Converter. Where tokenizer.json
// stands beside it, Python reads the scores from there, and so with its rounding (ScoreFromJson);
// the rest of that file is taken to say what the converter would have written.
#ifndef TACT_COMMON_TEXT_T5_FAST_TOKENIZER_H_
#define TACT_COMMON_TEXT_T5_FAST_TOKENIZER_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/charsmap.h"
#include "common/text/fast_tokenizer.h"
#include "common/text/unigram.h"

namespace tact {

class T5FastTokenizer : public FastTokenizer {
 public:
  // A folder with spiece.model. INVALID_ARGUMENT also where the model is not of kind unigram.
  static absl::StatusOr<std::unique_ptr<const Tokenizer>> Load(const std::filesystem::path& folder);

  std::vector<int32_t> AddSpecialTokens(std::span<const int32_t> ids) const override;
  std::vector<int32_t> AddSpecialTokens(std::span<const int32_t> a,
                                        std::span<const int32_t> b) const override;

 protected:
  std::string Normalize(std::string_view text) const override;
  void AppendTokens(std::string_view text, TokenList* out) const override;
  std::string JoinTokens(std::span<const std::string> tokens) const override;
  std::string ModelIdToToken(int32_t id) const override;
  int32_t ModelTokenToId(std::string_view token) const override { return unigram_.Find(token); }
  int32_t ModelSize() const override { return unigram_.size(); }

 private:
  T5FastTokenizer(Charsmap charsmap, Unigram unigram)
      : charsmap_(std::move(charsmap)), unigram_(std::move(unigram)) {}

  Charsmap charsmap_;
  Unigram unigram_;
  int32_t end_id_ = 0;  // of "</s>", whatever eos is said to be
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_T5_FAST_TOKENIZER_H_

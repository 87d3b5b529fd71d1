// RoBERTa's tokenizer, slow flavour: GPT-2's words, byte-level BPE, `<s> a </s>` around. Exactly
// RobertaTokenizer of transformers 4.27.2, with <mask> eating the white space on its left;
// roberta_fast_tokenizer.h says what the fast one does otherwise.
#ifndef TACT_COMMON_TEXT_ROBERTA_TOKENIZER_H_
#define TACT_COMMON_TEXT_ROBERTA_TOKENIZER_H_

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/byte_level_bpe.h"
#include "common/text/slow_tokenizer.h"

namespace tact {

class RobertaTokenizer : public SlowTokenizer {
 public:
  // A folder with vocab.json and merges.txt.
  static absl::StatusOr<std::unique_ptr<const Tokenizer>> Load(const std::filesystem::path& folder);

  std::vector<int32_t> AddSpecialTokens(std::span<const int32_t> ids) const override;
  std::vector<int32_t> AddSpecialTokens(std::span<const int32_t> a,
                                        std::span<const int32_t> b) const override;

 protected:
  void AppendTokens(std::string_view text, TokenList* out) const override;
  std::string JoinTokens(std::span<const std::string> tokens) const override;
  std::string BaseIdToToken(int32_t id) const override;
  int32_t BaseTokenToId(std::string_view token) const override;
  int32_t BaseVocabSize() const override { return static_cast<int32_t>(vocabulary_.ids.size()); }
  std::string Prepare(std::string text) const override;

 private:
  RobertaTokenizer(BpeVocabulary vocabulary, std::string_view merges, int32_t unk_id,
                   bool add_prefix_space)
      : vocabulary_(std::move(vocabulary)),
        merger_(merges, vocabulary_, unk_id, TokenizerFlavor::kSlow),
        unk_id_(unk_id),
        add_prefix_space_(add_prefix_space) {}

  const BpeVocabulary vocabulary_;
  const BytePairMerger merger_;
  const int32_t unk_id_;
  const bool add_prefix_space_;
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_ROBERTA_TOKENIZER_H_

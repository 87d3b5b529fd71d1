// T5's tokenizer, slow flavour: sentencepiece pieces, then 100 sentinels <extra_id_99> ...
// <extra_id_0> at the end of the vocabulary. Exactly T5Tokenizer of transformers 4.27.2;
// t5_fast_tokenizer.h says what the fast one does otherwise.
#ifndef TACT_COMMON_TEXT_T5_TOKENIZER_H_
#define TACT_COMMON_TEXT_T5_TOKENIZER_H_

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/sentencepiece_loader.h"
#include "common/text/slow_tokenizer.h"

namespace tact {

class T5Tokenizer : public SlowTokenizer {
 public:
  // A folder with spiece.model.
  static absl::StatusOr<std::unique_ptr<const Tokenizer>> Load(const std::filesystem::path& folder);

  std::vector<int32_t> AddSpecialTokens(std::span<const int32_t> ids) const override;
  std::vector<int32_t> AddSpecialTokens(std::span<const int32_t> a,
                                        std::span<const int32_t> b) const override;

 protected:
  void AppendTokens(std::string_view text, TokenList* out) const override;
  std::string JoinTokens(std::span<const std::string> tokens) const override;
  std::string BaseIdToToken(int32_t id) const override;
  int32_t BaseTokenToId(std::string_view token) const override;
  int32_t BaseVocabSize() const override { return pieces_->size() + extra_ids_; }

 private:
  T5Tokenizer(std::unique_ptr<const SentencePieceModel> pieces, int extra_ids)
      : pieces_(std::move(pieces)), extra_ids_(extra_ids) {}

  std::unique_ptr<const SentencePieceModel> pieces_;
  int extra_ids_;
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_T5_TOKENIZER_H_

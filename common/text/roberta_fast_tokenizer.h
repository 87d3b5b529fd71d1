// RoBERTa's tokenizer, fast flavour: exactly RobertaTokenizerFast of transformers 4.27.2 over
// tokenizers 0.13, which is what AutoTokenizer gives and so what notebooks use.
//
// Against the slow one (roberta_tokenizer.h), with the same files: ids of single texts are equal; a
// pair whose second text is empty is no pair; pairs are cut evenly where both are too long; bytes
// that the vocabulary lacks are dropped, not <unk>; add_prefix_space acts behind every special
// token; decoding puts no space around added tokens.
#ifndef TACT_COMMON_TEXT_ROBERTA_FAST_TOKENIZER_H_
#define TACT_COMMON_TEXT_ROBERTA_FAST_TOKENIZER_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/byte_level_bpe.h"
#include "common/text/fast_tokenizer.h"
#include "common/text/roberta_files.h"

namespace tact {

class RobertaFastTokenizer : public FastTokenizer {
 public:
  // A folder with vocab.json and merges.txt.
  static absl::StatusOr<std::unique_ptr<const Tokenizer>> Load(const std::filesystem::path& folder);

  std::vector<int32_t> AddSpecialTokens(std::span<const int32_t> ids) const override;
  std::vector<int32_t> AddSpecialTokens(std::span<const int32_t> a,
                                        std::span<const int32_t> b) const override;

 protected:
  void AppendTokens(std::string_view text, TokenList* out) const override;
  std::string JoinTokens(std::span<const std::string> tokens) const override;
  std::string ModelIdToToken(int32_t id) const override;
  int32_t ModelTokenToId(std::string_view token) const override;
  int32_t ModelSize() const override { return static_cast<int32_t>(vocabulary_.ids.size()); }

 private:
  explicit RobertaFastTokenizer(RobertaFiles files)
      : vocabulary_(std::move(files.vocabulary)),
        merger_(files.merges, vocabulary_, files.unk_id, TokenizerFlavor::kFast),
        add_prefix_space_(files.settings.add_prefix_space) {}

  const BpeVocabulary vocabulary_;
  const BytePairMerger merger_;
  const bool add_prefix_space_;
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_ROBERTA_FAST_TOKENIZER_H_

// What transformers' PreTrainedTokenizer (4.27.2, the slow one) does around a model's own
// tokenizer: special and added tokens in the text, their ids, decoding and its clean-up.
#ifndef TACT_COMMON_TEXT_SLOW_TOKENIZER_H_
#define TACT_COMMON_TEXT_SLOW_TOKENIZER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "common/text/special_tokens.h"
#include "common/text/string_map.h"
#include "common/text/token_list.h"
#include "common/text/tokenizer.h"
#include "common/text/tokenizer_settings.h"

namespace tact {

class SlowTokenizer : public Tokenizer {
 public:
  TokenizerFlavor flavor() const override { return TokenizerFlavor::kSlow; }
  std::vector<int32_t> EncodeBare(std::string_view text) const override;
  std::vector<std::string> Tokenize(std::string_view text) const override;
  std::string Decode(std::span<const int32_t> ids, bool skip_special_tokens) const override;
  std::string IdToToken(int32_t id) const override;
  int32_t TokenToId(std::string_view token) const override;
  int32_t vocab_size() const override {
    return BaseVocabSize() + static_cast<int32_t>(added_ids_.size());
  }
  int32_t pad_id() const override { return *role_ids_[kPad]; }
  int32_t eos_id() const override { return *role_ids_[kEos]; }
  int32_t unk_id() const override { return *role_ids_[kUnk]; }
  std::optional<int32_t> bos_id() const override { return role_ids_[kBos]; }

 protected:
  // Registers special tokens and added tokens once the base vocabulary is there; those it lacks get
  // the ids behind it. `file` is what errors name.
  absl::Status FinishLoading(const TokenizerSettings& settings, std::string_view file);

  // The model's own tokenizer and vocabulary, without special and added tokens.
  virtual void AppendTokens(std::string_view text, TokenList* out) const = 0;
  virtual std::string JoinTokens(std::span<const std::string> tokens) const = 0;
  virtual std::string BaseIdToToken(int32_t id) const = 0;
  virtual int32_t BaseTokenToId(std::string_view token) const = 0;  // the unk id if it has it not
  virtual int32_t BaseVocabSize() const = 0;
  // Python's prepare_for_tokenization.
  virtual std::string Prepare(std::string text) const { return text; }

  bool IsSpecialToken(std::string_view token) const { return special_tokens_.contains(token); }
  std::optional<int32_t> role_id(TokenRole role) const { return role_ids_[role]; }

 private:
  void EncodeInto(std::string_view text, TokenList* out) const;
  void AddUnlessKnown(const std::string& token);
  absl::Status AddFromFile(const TokenizerSettings& settings, std::string_view file);

  std::unique_ptr<const SpecialTokenSplitter> splitter_;
  std::array<std::optional<int32_t>, kRoleCount> role_ids_;
  StringMap<int32_t> special_tokens_;
  absl::flat_hash_set<int32_t> special_ids_;
  StringMap<int32_t> added_ids_;
  std::vector<std::string> added_tokens_;  // id minus BaseVocabSize()
  int32_t base_unk_id_ = -1;
  std::string unk_token_;
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_SLOW_TOKENIZER_H_

// What the crate tokenizers 0.13 and transformers' PreTrainedTokenizerFast (4.27.2) do around a
// model's own tokenizer: added tokens in the raw and in the normalized text, their ids, decoding.
#ifndef TACT_COMMON_TEXT_FAST_TOKENIZER_H_
#define TACT_COMMON_TEXT_FAST_TOKENIZER_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/text/added_vocabulary.h"
#include "common/text/token_list.h"
#include "common/text/tokenizer.h"
#include "common/text/tokenizer_settings.h"

namespace tact {

class FastTokenizer : public Tokenizer {
 public:
  TokenizerFlavor flavor() const override { return TokenizerFlavor::kFast; }
  std::vector<int32_t> EncodeBare(std::string_view text) const override;
  std::vector<std::string> Tokenize(std::string_view text) const override;
  std::string Decode(std::span<const int32_t> ids, bool skip_special_tokens) const override;
  std::string IdToToken(int32_t id) const override;
  int32_t TokenToId(std::string_view token) const override;
  int32_t vocab_size() const override { return ModelSize() + added_->size(); }
  int32_t pad_id() const override { return *role_ids_[kPad]; }
  int32_t eos_id() const override { return *role_ids_[kEos]; }
  int32_t unk_id() const override { return *role_ids_[kUnk]; }
  std::optional<int32_t> bos_id() const override { return role_ids_[kBos]; }

 protected:
  // Registers special and added tokens once the model's vocabulary is there; those it lacks get the
  // ids behind it. `file` is what errors name.
  absl::Status FinishLoading(const TokenizerSettings& settings, std::string_view file);

  virtual std::string Normalize(std::string_view text) const { return std::string(text); }
  // The model's tokens of a normalized text, which is not empty, without added tokens.
  virtual void AppendTokens(std::string_view text, TokenList* out) const = 0;
  virtual std::string JoinTokens(std::span<const std::string> tokens) const = 0;
  virtual std::string ModelIdToToken(int32_t id) const = 0;          // "" if it has none
  virtual int32_t ModelTokenToId(std::string_view token) const = 0;  // -1 if it has none
  virtual int32_t ModelSize() const = 0;

  std::optional<int32_t> role_id(TokenRole role) const { return role_ids_[role]; }

 private:
  absl::Status AddFromFile(const TokenizerSettings& settings, std::string_view file);
  void EncodeInto(std::string_view text, TokenList* out) const;

  std::unique_ptr<AddedVocabulary> added_;
  std::array<std::optional<int32_t>, kRoleCount> role_ids_;
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_FAST_TOKENIZER_H_

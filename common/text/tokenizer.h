// Text to token ids and back, for the two families tact serves: T5 (sentencepiece unigram) and
// RoBERTa / GPT-2 (byte-level BPE). Ids equal those of transformers 4.27.2 after
// from_pretrained(folder), in two flavours: *fast*, the default, as AutoTokenizer and so notebooks
// have it (T5TokenizerFast, RobertaTokenizerFast over tokenizers 0.13), and *slow* (T5Tokenizer,
// RobertaTokenizer). docs/differences/tokenizers.md lists what differs.
//
// Text is UTF-8; bytes that are not are read as U+FFFD. Where text comes from outside, use
// EncodeBounded, which refuses them. All methods are const and may be called from many threads.
#ifndef TACT_COMMON_TEXT_TOKENIZER_H_
#define TACT_COMMON_TEXT_TOKENIZER_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tact {

enum class TokenizerFlavor { kFast, kSlow };

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual TokenizerFlavor flavor() const = 0;

  // Ids without the model's own frame; special tokens written in the text become their ids.
  virtual std::vector<int32_t> EncodeBare(std::string_view text) const = 0;

  // The same as texts: vocabulary entries, but for unknown characters, which stand as they are in
  // the normalized text, and for special tokens, which in the fast flavour keep the white space
  // that they swallowed.
  virtual std::vector<std::string> Tokenize(std::string_view text) const = 0;

  // The model's frame around bare ids. T5: `a </s>` and `a </s> b </s>` (slow: no second </s> where
  // the ids end with one already). RoBERTa: `<s> a </s>` and `<s> a </s></s> b </s>`.
  virtual std::vector<int32_t> AddSpecialTokens(std::span<const int32_t> ids) const = 0;
  virtual std::vector<int32_t> AddSpecialTokens(std::span<const int32_t> a,
                                                std::span<const int32_t> b) const = 0;

  // Text of ids, with Hugging Face's clean_up_tokenization (" ." becomes "." and so on), always
  // valid UTF-8. Ids outside the vocabulary are safe: they decode as their kind's reference does,
  // or to nothing.
  virtual std::string Decode(std::span<const int32_t> ids, bool skip_special_tokens) const = 0;

  // The vocabulary's own entry, e.g. "▁the" or "Ġthe"; "" for an id outside.
  virtual std::string IdToToken(int32_t id) const = 0;
  // unk_id() for a token that is not in the vocabulary.
  virtual int32_t TokenToId(std::string_view token) const = 0;

  // Number of ids, sentinels and added tokens included. A model's embedding may have more rows.
  virtual int32_t vocab_size() const = 0;
  virtual int32_t pad_id() const = 0;
  virtual int32_t eos_id() const = 0;
  virtual int32_t unk_id() const = 0;
  virtual std::optional<int32_t> bos_id() const = 0;  // RoBERTa's <s>; T5 has none

  // EncodeBare inside AddSpecialTokens. A pair whose second text is empty is no pair to the fast
  // flavour.
  std::vector<int32_t> Encode(std::string_view text) const;
  std::vector<int32_t> EncodePair(std::string_view a, std::string_view b) const;
};

// Chooses by the files of a Hugging Face folder: spiece.model is T5; vocab.json with merges.txt is
// byte-level BPE. tokenizer_config.json, special_tokens_map.json and added_tokens.json are heeded
// where they are there; tokenizer.json is not needed. NOT_FOUND or INVALID_ARGUMENT names file and
// cure.
absl::StatusOr<std::unique_ptr<const Tokenizer>> LoadTokenizer(
    const std::filesystem::path& folder, TokenizerFlavor flavor = TokenizerFlavor::kFast);

enum class Truncation { kError, kTruncate };

struct EncodeOptions {
  size_t max_tokens = 512;  // special tokens included
  Truncation truncation = Truncation::kError;
};

// Of a text that EncodeBounded takes, however it is to be truncated.
inline constexpr size_t kMaxEncodedBytes = size_t{1} << 20;

struct Encoded {
  std::vector<int32_t> ids;
  bool truncated = false;
};

// Encode with a bound. INVALID_ARGUMENT names `field_name` and, for bad UTF-8, the byte offset; for
// too long a text the tokens found, the limit and the cure. Truncation drops tokens from the right
// and keeps the frame (the last id is still eos), as Hugging Face's truncation=True does. A limit
// that leaves room for the frame alone gives the frame in the fast flavour; in the slow one it is
// an error where Python logs one and cuts nothing.
absl::StatusOr<Encoded> EncodeBounded(const Tokenizer& tokenizer, std::string_view text,
                                      const EncodeOptions& options, std::string_view field_name);

// The same for a pair; truncation takes tokens off the longer of the two first ("longest_first"),
// and where both stay too long, the fast flavour leaves the odd token to the longer one.
absl::StatusOr<Encoded> EncodePairBounded(const Tokenizer& tokenizer, std::string_view a,
                                          std::string_view b, const EncodeOptions& options,
                                          std::string_view field_name);

// Rows of ids padded on the right to the longest of them, or to `at_least` tokens.
struct PaddedBatch {
  std::vector<int32_t> ids;   // [batch, time] row-major
  std::vector<uint8_t> mask;  // [batch, time], 1 where there is a token, 0 where there is padding
  size_t batch = 0;
  size_t time = 0;
};
PaddedBatch PadBatch(std::span<const std::vector<int32_t>> rows, int32_t pad_id,
                     size_t at_least = 0);

}  // namespace tact

#endif  // TACT_COMMON_TEXT_TOKENIZER_H_

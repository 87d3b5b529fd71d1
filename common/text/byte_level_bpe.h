// Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019): the bytes of a word,
// written as printable characters, joined pair by pair in the order of merges.txt.
#ifndef TACT_COMMON_TEXT_BYTE_LEVEL_BPE_H_
#define TACT_COMMON_TEXT_BYTE_LEVEL_BPE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/text/string_map.h"
#include "common/text/token_list.h"
#include "common/text/tokenizer.h"

namespace tact {

// A vocab.json: token to id, and back.
struct BpeVocabulary {
  StringMap<int32_t> ids;
  std::vector<std::string> tokens;  // by id; "" where the file leaves a gap
};
absl::StatusOr<BpeVocabulary> ParseBpeVocabulary(std::string_view json, std::string_view file);

// GPT-2's map: printable Latin-1 bytes are themselves, the other 68 are U+0100 and up.
const std::array<std::string, 256>& ByteTokens();

// Text of tokens: each character back to its byte; other characters stay as they are.
std::string BytesOfTokens(std::string_view joined_tokens);
// The same for one token, which stays as it is where one of its characters is no byte's (the fast
// tokenizers' rule).
std::string BytesOfToken(std::string_view token);

// Whether each line of merges.txt is a pair of tokens that, like their product, the vocabulary has,
// and the last line has its end. INVALID_ARGUMENT names file, line and cure. Blank lines pass.
absl::Status CheckMerges(std::string_view merges_txt, const BpeVocabulary& vocabulary,
                         std::string_view file);

class BytePairMerger {
 public:
  // merges.txt as Python reads it: the first line and what follows the last line end are left out.
  // Slow: a pair that comes twice has its last rank; bytes that the vocabulary lacks are unk_id.
  // Fast: the pair has its first rank; such bytes are dropped before merging.
  BytePairMerger(std::string_view merges_txt, const BpeVocabulary& vocabulary, int32_t unk_id,
                 TokenizerFlavor flavor);

  // Appends the ids of one word, given as raw bytes. Linear in memory, n log n in time.
  void AppendIds(std::string_view word, std::vector<int32_t>* ids) const;
  // The same, with the tokens' texts where they are asked for.
  void AppendTokens(std::string_view word, TokenList* out) const;

 private:
  using Symbol = int32_t;  // index of a distinct string that merging can make
  static constexpr Symbol kDropped = -1;
  struct Merge {
    int32_t rank;
    Symbol result;
  };

  Symbol Intern(std::string_view token, const BpeVocabulary& vocabulary);
  void AddMerge(std::string_view line, int32_t rank, const BpeVocabulary& vocabulary);
  const Merge* Find(Symbol left, Symbol right) const;
  std::vector<Symbol> SymbolsOf(std::string_view word) const;
  std::vector<Symbol> MergeAll(std::vector<Symbol> symbols) const;

  int32_t unk_id_;
  bool fast_;
  StringMap<Symbol> symbols_;
  std::vector<int32_t> symbol_ids_;               // vocabulary id of a symbol, or unk_id_
  std::vector<const std::string*> symbol_texts_;  // lent from symbols_
  std::array<Symbol, 256> byte_symbols_;          // kDropped: left out of the word
  absl::flat_hash_map<uint64_t, Merge> merges_;

  mutable absl::Mutex mutex_;
  mutable StringMap<std::vector<int32_t>> cache_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_BYTE_LEVEL_BPE_H_

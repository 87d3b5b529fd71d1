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

class BytePairMerger {
 public:
  // merges.txt as Python reads it: the first line and what follows the last line end are left out;
  // a pair that comes twice has its last rank.
  BytePairMerger(std::string_view merges_txt, const BpeVocabulary& vocabulary, int32_t unk_id);

  // Appends the ids of one word, given as raw bytes. Linear in memory, n log n in time.
  void AppendIds(std::string_view word, std::vector<int32_t>* ids) const;

 private:
  using Symbol = int32_t;  // index of a distinct string that merging can make
  struct Merge {
    int32_t rank;
    Symbol result;
  };

  Symbol Intern(std::string_view token, const BpeVocabulary& vocabulary);
  void AddMerge(std::string_view line, int32_t rank, const BpeVocabulary& vocabulary);
  const Merge* Find(Symbol left, Symbol right) const;
  std::vector<Symbol> MergeAll(std::vector<Symbol> symbols) const;

  int32_t unk_id_;
  StringMap<Symbol> symbols_;        // used while loading only
  std::vector<int32_t> symbol_ids_;  // vocabulary id of a symbol, or unk_id_
  std::array<Symbol, 256> byte_symbols_;
  absl::flat_hash_map<uint64_t, Merge> merges_;

  mutable absl::Mutex mutex_;
  mutable StringMap<std::vector<int32_t>> cache_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_BYTE_LEVEL_BPE_H_

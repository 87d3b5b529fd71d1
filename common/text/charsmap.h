// sentencepiece's precompiled table of character replacements (nmt_nfkc and the like), applied as
// the fast tokenizers do: grapheme by grapheme, where sentencepiece takes the longest match at each
// place of the text. After the crates spm_precompiled 0.1 and tokenizers 0.13.
#ifndef TACT_COMMON_TEXT_CHARSMAP_H_
#define TACT_COMMON_TEXT_CHARSMAP_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/text/double_array.h"

namespace tact {

class Charsmap {
 public:
  // From normalizer_spec.precompiled_charsmap: the size of the trie, the trie, and the replacements
  // it points into, each closed by a zero byte. Empty bytes are an empty table. INVALID_ARGUMENT
  // names `file`.
  static absl::StatusOr<Charsmap> Parse(std::string_view bytes, std::string_view file);

  // A grapheme of fewer than six bytes that starts with a key becomes that key's replacement, whole
  // (whatever follows the key in it is lost: so the reference); others are taken character by
  // character. `text` is UTF-8, and so is the result.
  std::string Normalize(std::string_view text) const;

 private:
  std::optional<std::string_view> Replacement(std::string_view chunk) const;
  void AppendByCharacter(std::string_view grapheme, std::string* out) const;

  DoubleArray trie_;
  std::string replacements_;
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_CHARSMAP_H_

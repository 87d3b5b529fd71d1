// GPT-2's pre-tokenisation: a text cut into the "words" that byte-level BPE works on, by the regex
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// with Unicode's categories from ICU (Radford et al. 2019, encoder.py).
#ifndef TACT_COMMON_TEXT_PRETOKENIZE_H_
#define TACT_COMMON_TEXT_PRETOKENIZE_H_

#include <string_view>
#include <vector>

namespace tact {

// Parts of `text` (valid UTF-8) that together are the whole of it.
std::vector<std::string_view> PretokenizeGpt2(std::string_view text);

}  // namespace tact

#endif  // TACT_COMMON_TEXT_PRETOKENIZE_H_

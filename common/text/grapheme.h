// Extended grapheme clusters (what a reader sees as one character) of Unicode 15.0, Annex 29,
// rules GB3 to GB13, over ICU's properties.
//
// ICU's own character iterator is not used: it also joins Indic conjuncts (GB9c), which came with
// Unicode 15.1 and which the reference tokenizers do not know.
#ifndef TACT_COMMON_TEXT_GRAPHEME_H_
#define TACT_COMMON_TEXT_GRAPHEME_H_

#include <cstddef>
#include <string_view>

namespace tact {

// Where the cluster that starts at text[at] ends, in bytes; `at` must be inside the text.
size_t GraphemeEnd(std::string_view text, size_t at);

}  // namespace tact

#endif  // TACT_COMMON_TEXT_GRAPHEME_H_

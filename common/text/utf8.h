// Small Unicode helpers: validation, replacement, and the two notions of white space that the
// reference tokenizers use.
#ifndef TACT_COMMON_TEXT_UTF8_H_
#define TACT_COMMON_TEXT_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tact {

// Offset of the first byte that is not UTF-8; npos if all is well. Surrogates and overlong forms
// are not UTF-8; a zero byte is.
size_t FindInvalidUtf8(std::string_view text);

// INVALID_ARGUMENT that names `field_name`, the byte offset and the byte.
absl::Status ValidateUtf8(std::string_view text, std::string_view field_name);

// Each maximal ill-formed part becomes one U+FFFD, as Python's bytes.decode(errors="replace").
std::string ReplaceInvalidUtf8(std::string_view text);

// The code point that starts at text[*offset], which moves behind it; U+FFFD where it is
// ill-formed.
char32_t NextCodePoint(std::string_view text, size_t* offset);

void AppendUtf8(char32_t code_point, std::string* out);

// Python's str.isspace(): White_Space and the separators U+001C to U+001F.
bool IsPythonSpace(char32_t code_point);

// Python's str.lstrip(), rstrip() and strip().
std::string_view StripLeft(std::string_view text);
std::string_view StripRight(std::string_view text);
std::string_view Strip(std::string_view text);

}  // namespace tact

#endif  // TACT_COMMON_TEXT_UTF8_H_

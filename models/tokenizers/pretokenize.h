// GPT-2's split of a text into words before byte-pair merging, and its byte alphabet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tact::tokenizers {

// Splits as GPT-2's pattern 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|
// \s+(?!\S)|\s+ does on ASCII text. Bytes above 127 count as letters. The parts joined give text.
std::vector<std::string_view> PreTokenize(std::string_view text);

// The printable character that stands for a byte in vocab.json, as UTF-8 (a space is "\u0120").
const std::string& ByteSymbol(unsigned char byte);

}  // namespace tact::tokenizers

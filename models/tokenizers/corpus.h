// Reads the text a tokenizer is trained on, and prepares it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tact::tokenizers {

// The non-empty lines of every file. Of a .jsonl file, the lines of every string field in
// `fields`, in that order. Throws std::runtime_error that names file and line.
std::vector<std::string> ReadCorpus(const std::vector<std::filesystem::path>& files,
                                    const std::vector<std::string>& fields);

// Lines to add before unigram training. SentencePiece proposes only strings that occur in two
// different words as pieces, so a word that always stands alone is broken up however frequent it
// is: every word of at least min_count occurrences is given once more with punctuation. Every
// printable ASCII character is given too, so that no such text becomes unknown.
std::vector<std::string> SupportLines(const std::vector<std::string>& corpus, size_t min_count);

}  // namespace tact::tokenizers

// Trains T5's tokenizer: a SentencePiece unigram model.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tact::tokenizers {

struct UnigramOptions {
  int vocabulary = 800;  // an upper bound: a small corpus gives fewer pieces
  int threads = 1;
  std::string symbols;  // joined by commas: always one piece each; U+2581 stands for a blank
};

// Writes spiece.model into the folder: <pad> 0, </s> 1, <unk> 2, no <s>; every character of the
// corpus is a piece. Throws std::runtime_error with SentencePiece's message.
void TrainUnigram(const std::vector<std::string>& corpus, const UnigramOptions& options,
                  const std::filesystem::path& folder);

}  // namespace tact::tokenizers

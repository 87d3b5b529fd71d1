// The files of a RoBERTa tokenizer's folder, read and checked for both flavours, and the special
// tokens that both put around texts.
#ifndef TACT_COMMON_TEXT_ROBERTA_FILES_H_
#define TACT_COMMON_TEXT_ROBERTA_FILES_H_

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/byte_level_bpe.h"
#include "common/text/tokenizer.h"
#include "common/text/tokenizer_settings.h"

namespace tact {

struct RobertaFiles {
  TokenizerSettings settings;
  BpeVocabulary vocabulary;
  std::string merges;  // merges.txt
  int32_t unk_id = 0;
  std::string file;  // what errors name
};

// INVALID_ARGUMENT names file and cure. For the fast flavour merges.txt has to fit the vocabulary,
// as it has to for Python's; the slow one takes what it finds.
absl::StatusOr<RobertaFiles> LoadRobertaFiles(const std::filesystem::path& folder,
                                              TokenizerFlavor flavor);

// Ids of <s> and </s>.
struct RobertaEnds {
  int32_t cls, sep;
};

// <s> a </s>
std::vector<int32_t> RobertaSequence(RobertaEnds ends, std::span<const int32_t> a);
// <s> a </s> </s> b </s>
std::vector<int32_t> RobertaPair(RobertaEnds ends, std::span<const int32_t> a,
                                 std::span<const int32_t> b);

}  // namespace tact

#endif  // TACT_COMMON_TEXT_ROBERTA_FILES_H_

// The files of a T5 tokenizer's folder, read and checked for both flavours.
#ifndef TACT_COMMON_TEXT_T5_FILES_H_
#define TACT_COMMON_TEXT_T5_FILES_H_

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/text/charsmap.h"
#include "common/text/sentencepiece_loader.h"
#include "common/text/sentencepiece_proto.h"
#include "common/text/tokenizer.h"
#include "common/text/tokenizer_settings.h"

namespace tact {

inline constexpr std::string_view kSentinelStart = "<extra_id_";

struct T5Files {
  TokenizerSettings settings;  // the sentinels are in its special.additional
  SentencePieceProto proto;
  Charsmap charsmap;
  std::unique_ptr<const SentencePieceModel> model;
  std::string file;  // what errors name
  bool has_tokenizer_json = false;
};

// INVALID_ARGUMENT names file and cure. The charsmap is checked before libsentencepiece sees it,
// which would follow it anywhere.
absl::StatusOr<T5Files> LoadT5Files(const std::filesystem::path& folder, TokenizerFlavor flavor);

}  // namespace tact

#endif  // TACT_COMMON_TEXT_T5_FILES_H_

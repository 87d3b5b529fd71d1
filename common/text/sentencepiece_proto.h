// What a spiece.model holds, read from its bytes (sentencepiece's ModelProto in protobuf's wire
// format) without a protobuf library: libsentencepiece tells neither scores in full nor the
// charsmap, and trusts its file where this reader checks.
#ifndef TACT_COMMON_TEXT_SENTENCEPIECE_PROTO_H_
#define TACT_COMMON_TEXT_SENTENCEPIECE_PROTO_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tact {

struct SentencePieceProto {
  struct Piece {
    std::string text;
    float score = 0;
  };
  std::vector<Piece> pieces;  // by id
  int64_t model_type = 1;     // 1 unigram, 2 BPE, 3 word, 4 char
  int64_t unk_id = 0;
  std::string charsmap;
};

// INVALID_ARGUMENT names `file` and what is wrong: bytes cut off, a piece that is not UTF-8, a
// score that is no number, no piece at all.
absl::StatusOr<SentencePieceProto> ParseSentencePieceProto(std::string_view bytes,
                                                           std::string_view file);

}  // namespace tact

#endif  // TACT_COMMON_TEXT_SENTENCEPIECE_PROTO_H_

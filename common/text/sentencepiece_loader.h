// A sentencepiece model, through the plugin.
//
// Why a plugin: Debian's libsentencepiece exports its own protobuf-lite (3.14), which crashes a
// process that also holds libprotobuf 3.21 (gRPC, LibTorch). The plugin is opened with
// RTLD_LOCAL | RTLD_DEEPBIND, so each side keeps its own symbols. It is looked for in
// $TACT_PLUGIN_DIR, beside the executable, and in ../lib of it. AddressSanitizer forbids DEEPBIND:
// under it the plugin works only in programs without protobuf.
#ifndef TACT_COMMON_TEXT_SENTENCEPIECE_LOADER_H_
#define TACT_COMMON_TEXT_SENTENCEPIECE_LOADER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/sentencepiece_abi.h"

namespace tact {

class SentencePieceModel {
 public:
  // From the bytes of a spiece.model; `file` is what errors name. FAILED_PRECONDITION if the plugin
  // is not found, INVALID_ARGUMENT if the bytes are not a model.
  static absl::StatusOr<std::unique_ptr<const SentencePieceModel>> Open(std::string_view bytes,
                                                                        std::string_view file);
  ~SentencePieceModel();
  SentencePieceModel(const SentencePieceModel&) = delete;
  SentencePieceModel& operator=(const SentencePieceModel&) = delete;

  int32_t size() const { return size_; }
  int32_t PieceToId(std::string_view piece) const;  // the unk id for what is no piece
  std::string IdToPiece(int32_t id) const;          // "" outside [0, size)

  // Pieces and their ids. A run of unknown characters is one piece with the unk id.
  std::vector<std::pair<std::string, int32_t>> Encode(std::string_view text) const;
  std::string Decode(std::span<const std::string> pieces) const;

 private:
  SentencePieceModel(const TactSentencePieceApi* api, void* model);
  const TactSentencePieceApi* api_;
  void* model_;
  int32_t size_;
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_SENTENCEPIECE_LOADER_H_

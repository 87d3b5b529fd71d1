// The C interface between tact and its sentencepiece plugin. Plain C types only: the two sides are
// linked to different protobufs (and libsentencepiece declares an absl namespace of its own), so no
// C++ type may cross. The plugin exports one symbol, kSentencePieceSymbol.
#ifndef TACT_COMMON_TEXT_SENTENCEPIECE_ABI_H_
#define TACT_COMMON_TEXT_SENTENCEPIECE_ABI_H_

#include <cstddef>
#include <cstdint>

namespace tact {

inline constexpr uint32_t kSentencePieceAbi = 1;
inline constexpr char kSentencePieceSymbol[] = "tact_sentencepiece_api";
inline constexpr char kSentencePieceLibrary[] = "libtact_sentencepiece_plugin.so";

extern "C" {

// Receives bytes that live only during the call. `id` is -1 where there is none.
typedef void (*TactBytesSink)(void* context, const char* bytes, size_t size, int32_t id);

// `model` is what open returned. Calls on one model may run in many threads. Functions that return
// int return 0, or 1 after giving a message to `error_sink` (which has the same `context`).
struct TactSentencePieceApi {
  uint32_t abi;
  void* (*open)(const char* bytes, size_t size, TactBytesSink error_sink, void* context);
  void (*close)(void* model);
  int32_t (*size)(const void* model);
  int32_t (*piece_to_id)(const void* model, const char* bytes, size_t size);
  void (*id_to_piece)(const void* model, int32_t id, TactBytesSink sink, void* context);
  int (*encode)(const void* model, const char* text, size_t size, TactBytesSink sink,
                TactBytesSink error_sink, void* context);
  int (*decode)(const void* model, const char* const* pieces, const size_t* sizes, size_t count,
                TactBytesSink sink, TactBytesSink error_sink, void* context);
};

typedef const TactSentencePieceApi* (*TactSentencePieceEntry)();

}  // extern "C"

}  // namespace tact

#endif  // TACT_COMMON_TEXT_SENTENCEPIECE_ABI_H_

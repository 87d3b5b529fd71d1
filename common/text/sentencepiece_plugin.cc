// The plugin: libsentencepiece behind the C interface of sentencepiece_abi.h. It must include no
// Abseil header and link nothing of tact; see sentencepiece_loader.h for why it exists.
#include <sentencepiece_processor.h>

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/sentencepiece_abi.h"

namespace tact {
namespace {

using sentencepiece::SentencePieceProcessor;

const SentencePieceProcessor& Model(const void* model) {
  return *static_cast<const SentencePieceProcessor*>(model);
}

void Send(std::string_view bytes, int32_t id, TactBytesSink sink, void* context) {
  sink(context, bytes.data(), bytes.size(), id);
}

// No exception may leave the plugin.
template <typename Body>
int Guard(TactBytesSink error_sink, void* context, Body&& body) {
  try {
    const sentencepiece::util::Status status = body();
    if (status.ok()) return 0;
    Send(status.ToString(), -1, error_sink, context);
  } catch (const std::exception& error) {
    Send(error.what(), -1, error_sink, context);
  }
  return 1;
}

void* Open(const char* bytes, size_t size, TactBytesSink error_sink, void* context) {
  std::unique_ptr<SentencePieceProcessor> model;
  const int failed = Guard(error_sink, context, [&] {
    model = std::make_unique<SentencePieceProcessor>();
    return model->LoadFromSerializedProto(std::string_view(bytes, size));
  });
  return failed ? nullptr : model.release();
}

void Close(void* model) { delete static_cast<SentencePieceProcessor*>(model); }

int32_t Size(const void* model) { return Model(model).GetPieceSize(); }

int32_t PieceToId(const void* model, const char* bytes, size_t size) {
  return Model(model).PieceToId(std::string_view(bytes, size));
}

void IdToPiece(const void* model, int32_t id, TactBytesSink sink, void* context) {
  Send(Model(model).IdToPiece(id), id, sink, context);
}

int Encode(const void* model, const char* text, size_t size, TactBytesSink sink,
           TactBytesSink error_sink, void* context) {
  return Guard(error_sink, context, [&] {
    std::vector<std::string> pieces;
    // By pieces and not by ids: Python's T5Tokenizer looks the pieces up afterwards.
    auto status = Model(model).Encode(std::string_view(text, size), &pieces);
    for (const auto& piece : pieces) Send(piece, Model(model).PieceToId(piece), sink, context);
    return status;
  });
}

int Decode(const void* model, const char* const* pieces, const size_t* sizes, size_t count,
           TactBytesSink sink, TactBytesSink error_sink, void* context) {
  return Guard(error_sink, context, [&] {
    std::vector<std::string_view> views;
    for (size_t i = 0; i < count; ++i) views.emplace_back(pieces[i], sizes[i]);
    std::string text;
    auto status = Model(model).Decode(views, &text);
    Send(text, -1, sink, context);
    return status;
  });
}

constexpr TactSentencePieceApi kApi = {kSentencePieceAbi, Open,      Close,  Size,
                                       PieceToId,         IdToPiece, Encode, Decode};

}  // namespace
}  // namespace tact

extern "C" __attribute__((visibility("default"))) const tact::TactSentencePieceApi*
tact_sentencepiece_api() {
  return &tact::kApi;
}

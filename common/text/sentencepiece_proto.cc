#include "common/text/sentencepiece_proto.h"

#include <bit>
#include <cmath>
#include <optional>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/utf8.h"

namespace tact {
namespace {

// Field numbers of sentencepiece_model.proto.
enum : uint64_t { kPieces = 1, kTrainerSpec = 2, kNormalizerSpec = 3 };
enum : uint64_t { kPieceText = 1, kPieceScore = 2 };
enum : uint64_t { kModelType = 3, kUnkId = 40 };
enum : uint64_t { kPrecompiledCharsmap = 2 };

// One field of a message; which of the two it has says the wire type.
struct Field {
  uint64_t number = 0;
  uint64_t value = 0;      // of a varint or of 4 or 8 little-endian bytes
  std::string_view bytes;  // of a length-delimited field
};

// The fields of a message, one after the other.
class FieldReader {
 public:
  explicit FieldReader(std::string_view message) : rest_(message) {}

  // nullopt at the end, and where the bytes are no message: then ok() is false.
  std::optional<Field> Next() {
    if (rest_.empty() || !ok_) return std::nullopt;
    const uint64_t key = Varint();
    Field field;
    field.number = key >> 3;
    switch (key & 7) {
      case 0:
        field.value = Varint();
        break;
      case 1:
        field.value = Fixed(8);
        break;
      case 2:
        field.bytes = Take(Varint());
        break;
      case 5:
        field.value = Fixed(4);
        break;
      default:
        ok_ = false;
    }
    ok_ = ok_ && field.number != 0;
    return ok_ ? std::optional(field) : std::nullopt;
  }
  bool ok() const { return ok_; }

 private:
  std::string_view Take(uint64_t size) {
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  uint64_t Fixed(size_t size) {
    uint64_t value = 0;
    const std::string_view bytes = Take(size);
    for (size_t i = 0; i < bytes.size(); ++i) {
      value |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return value;
  }

  uint64_t Varint() {
    uint64_t value = 0;
    for (size_t shift = 0; shift < 64; shift += 7) {
      const uint64_t byte = Fixed(1);
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

bool ReadPiece(std::string_view message, SentencePieceProto* out) {
  SentencePieceProto::Piece piece;
  FieldReader reader(message);
  while (const auto field = reader.Next()) {
    if (field->number == kPieceText) piece.text = std::string(field->bytes);
    if (field->number == kPieceScore) {
      piece.score = std::bit_cast<float>(static_cast<uint32_t>(field->value));
    }
  }
  out->pieces.push_back(std::move(piece));
  return reader.ok();
}

bool ReadTrainerSpec(std::string_view message, SentencePieceProto* out) {
  FieldReader reader(message);
  while (const auto field = reader.Next()) {
    if (field->number == kModelType) out->model_type = static_cast<int64_t>(field->value);
    if (field->number == kUnkId) out->unk_id = static_cast<int64_t>(field->value);
  }
  return reader.ok();
}

bool ReadNormalizerSpec(std::string_view message, SentencePieceProto* out) {
  FieldReader reader(message);
  while (const auto field = reader.Next()) {
    if (field->number == kPrecompiledCharsmap) out->charsmap = std::string(field->bytes);
  }
  return reader.ok();
}

bool ReadModel(std::string_view bytes, SentencePieceProto* out) {
  FieldReader reader(bytes);
  while (const auto field = reader.Next()) {
    bool good = true;
    if (field->number == kPieces) good = ReadPiece(field->bytes, out);
    if (field->number == kTrainerSpec) good = ReadTrainerSpec(field->bytes, out);
    if (field->number == kNormalizerSpec) good = ReadNormalizerSpec(field->bytes, out);
    if (!good) return false;
  }
  return reader.ok();
}

absl::Status Damaged(std::string_view file, std::string_view found, std::string_view problem) {
  return FieldError(file, found, StrCat("not a sentencepiece model (", problem, ")"),
                    "copy the model's spiece.model again");
}

}  // namespace

absl::StatusOr<SentencePieceProto> ParseSentencePieceProto(std::string_view bytes,
                                                           std::string_view file) {
  SentencePieceProto out;
  if (!ReadModel(bytes, &out) || out.pieces.empty()) {
    return Damaged(file, StrCat(bytes.size(), " bytes"), "damaged or cut off");
  }
  for (size_t id = 0; id < out.pieces.size(); ++id) {
    const auto& piece = out.pieces[id];
    if (FindInvalidUtf8(piece.text) != std::string_view::npos) {
      return Damaged(file, StrCat("piece ", id), "a piece is not UTF-8");
    }
    if (!std::isfinite(piece.score)) {
      return Damaged(file, StrCat("piece ", id), "a score is not a number");
    }
  }
  if (out.unk_id < 0 || out.unk_id >= static_cast<int64_t>(out.pieces.size())) {
    return Damaged(file, StrCat(out.unk_id), "the id of its unknown piece is outside");
  }
  return out;
}

}  // namespace tact

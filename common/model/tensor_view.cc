#include "common/model/tensor_view.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"

namespace tact {
namespace {

struct DTypeEntry {
  DType dtype;
  std::string_view name;
  size_t size;
};
constexpr std::array<DTypeEntry, 10> kDTypes = {{{DType::kBool, "BOOL", 1},
                                                 {DType::kU8, "U8", 1},
                                                 {DType::kI8, "I8", 1},
                                                 {DType::kI16, "I16", 2},
                                                 {DType::kF16, "F16", 2},
                                                 {DType::kBF16, "BF16", 2},
                                                 {DType::kI32, "I32", 4},
                                                 {DType::kF32, "F32", 4},
                                                 {DType::kI64, "I64", 8},
                                                 {DType::kF64, "F64", 8}}};

const DTypeEntry& EntryOf(DType dtype) {
  return *std::ranges::find(kDTypes, dtype, &DTypeEntry::dtype);
}

float FromBFloat16(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

float FromHalf(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16;
  const uint32_t exponent = (bits >> 10) & 0x1Fu, fraction = bits & 0x3FFu;
  if (exponent == 0) {  // zero and subnormals
    const float value = static_cast<float>(fraction) * 0x1p-24f;
    return sign == 0 ? value : -value;
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000u | (fraction << 13));
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

// Reads elements of type Raw, at any alignment.
template <typename Raw, typename Convert>
void ConvertAll(std::span<const std::byte> data, std::span<float> out, Convert convert) {
  for (size_t i = 0; i < out.size(); ++i) {
    Raw raw;
    std::memcpy(&raw, data.data() + i * sizeof(Raw), sizeof(Raw));
    out[i] = convert(raw);
  }
}

}  // namespace

size_t DTypeSize(DType dtype) { return EntryOf(dtype).size; }
std::string_view DTypeName(DType dtype) { return EntryOf(dtype).name; }

std::optional<DType> DTypeNamed(std::string_view name) {
  const auto entry = std::ranges::find(kDTypes, name, &DTypeEntry::name);
  if (entry == kDTypes.end()) return std::nullopt;
  return entry->dtype;
}

std::optional<uint64_t> ByteSize(std::span<const uint64_t> shape, DType dtype, uint64_t limit) {
  if (std::ranges::find(shape, 0u) != shape.end()) return 0;
  uint64_t bytes = DTypeSize(dtype);
  for (const uint64_t dimension : shape) {
    if (dimension > limit / bytes) return std::nullopt;
    bytes *= dimension;
  }
  return bytes;
}

int64_t TensorView::num_elements() const {
  if (std::ranges::find(shape, 0) != shape.end()) return 0;  // whatever the others are
  int64_t count = 1;
  for (const int64_t dimension : shape) count *= dimension;
  return count;
}

std::string ShapeString(std::span<const int64_t> shape) {
  return absl::StrCat("[", absl::StrJoin(shape.begin(), shape.end(), ", "), "]");
}

absl::Status CopyToFloat(const TensorView& view, std::string_view name, std::span<float> out) {
  switch (view.dtype) {
    case DType::kF32:
      if (!out.empty()) std::memcpy(out.data(), view.data.data(), out.size_bytes());
      return absl::OkStatus();
    case DType::kBF16:
      ConvertAll<uint16_t>(view.data, out, FromBFloat16);
      return absl::OkStatus();
    case DType::kF16:
      ConvertAll<uint16_t>(view.data, out, FromHalf);
      return absl::OkStatus();
    case DType::kF64:
      ConvertAll<double>(view.data, out, [](double x) { return static_cast<float>(x); });
      return absl::OkStatus();
    default:
      return FieldError(name, DTypeName(view.dtype), "expected a tensor of F32, F16, BF16 or F64",
                        "save the model with floating-point weights");
  }
}

absl::StatusOr<std::vector<float>> ToFloat(const TensorView& view, std::string_view name) {
  std::vector<float> out(static_cast<size_t>(view.num_elements()));
  RETURN_IF_ERROR(CopyToFloat(view, name, out));
  return out;
}

TensorView FloatView(std::span<const float> data, std::vector<int64_t> shape) {
  return {DType::kF32, std::move(shape), std::as_bytes(data)};
}

}  // namespace tact

// Values of safetensors views as f32.
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/model/safetensors.h"

namespace tact {
namespace {

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

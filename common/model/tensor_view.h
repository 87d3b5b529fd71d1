// A tensor inside bytes that somebody else keeps alive: element type, shape, contiguous row-major
// little-endian data. What every reader of weights gives, whatever the file format.
#ifndef TACT_COMMON_MODEL_TENSOR_VIEW_H_
#define TACT_COMMON_MODEL_TENSOR_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tact {

enum class DType { kBool, kU8, kI8, kI16, kF16, kBF16, kI32, kF32, kI64, kF64 };

size_t DTypeSize(DType dtype);            // bytes of one element
std::string_view DTypeName(DType dtype);  // as in a safetensors header, e.g. "F32"
std::optional<DType> DTypeNamed(std::string_view name);

// No tensor has more dimensions, nor a longer one; readers refuse what claims to.
inline constexpr size_t kMaxRank = 16;
inline constexpr uint64_t kMaxDimension = uint64_t{1} << 40;

struct TensorView {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;  // not necessarily aligned to the element

  int64_t num_elements() const;
};

using TensorViews = std::map<std::string, TensorView, std::less<>>;

// Bytes of a tensor of this shape; nothing if that is above `limit`.
std::optional<uint64_t> ByteSize(std::span<const uint64_t> shape, DType dtype, uint64_t limit);

std::string ShapeString(std::span<const int64_t> shape);  // "[2, 3]"

// The values as f32; from F32, F16, BF16 and F64. INVALID_ARGUMENT for integers, naming `name`.
absl::StatusOr<std::vector<float>> ToFloat(const TensorView& view, std::string_view name);
// The same into a buffer of num_elements() floats.
absl::Status CopyToFloat(const TensorView& view, std::string_view name, std::span<float> out);

// A view of floats, for writing. `data` must hold as many as `shape` says.
TensorView FloatView(std::span<const float> data, std::vector<int64_t> shape);

}  // namespace tact

#endif  // TACT_COMMON_MODEL_TENSOR_VIEW_H_

// The safetensors format: u64 little-endian header size, JSON header, raw little-endian tensor
// bytes (https://github.com/huggingface/safetensors). The reader trusts nothing: sizes, dtypes,
// shapes, overlaps and holes are checked before a byte of data is used, and it copies no tensor.
#ifndef TACT_COMMON_MODEL_SAFETENSORS_H_
#define TACT_COMMON_MODEL_SAFETENSORS_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/file.h"

namespace tact {

enum class DType { kBool, kU8, kI8, kI16, kF16, kBF16, kI32, kF32, kI64, kF64 };

size_t DTypeSize(DType dtype);            // bytes of one element
std::string_view DTypeName(DType dtype);  // as in the header, e.g. "F32"

// A tensor inside a file that somebody else keeps alive.
struct TensorView {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;  // not necessarily aligned to the element

  int64_t num_elements() const;
};

std::string ShapeString(std::span<const int64_t> shape);  // "[2, 3]"

// The values as f32; from F32, F16, BF16 and F64. INVALID_ARGUMENT for integers, naming `name`.
absl::StatusOr<std::vector<float>> ToFloat(const TensorView& view, std::string_view name);
// The same into a buffer of num_elements() floats.
absl::Status CopyToFloat(const TensorView& view, std::string_view name, std::span<float> out);

class SafeTensors {
 public:
  static absl::StatusOr<SafeTensors> Open(const std::filesystem::path& path);
  // `bytes` must outlive the object; `name` is for errors.
  static absl::StatusOr<SafeTensors> Parse(std::span<const std::byte> bytes, std::string_view name);

  const std::map<std::string, TensorView, std::less<>>& tensors() const { return tensors_; }
  std::vector<std::string> names() const;               // sorted
  const TensorView* Find(std::string_view name) const;  // null if there is none
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  std::shared_ptr<const MappedFile> file_;  // null after Parse
  std::map<std::string, TensorView, std::less<>> tensors_;
  std::map<std::string, std::string> metadata_;
};

using TensorViews = std::map<std::string, TensorView, std::less<>>;

// The same tensors give the same bytes: names sorted, header padded with spaces to 8 bytes,
// metadata {"format": "pt"} and what is given.
absl::StatusOr<std::string> SerializeSafeTensors(
    const TensorViews& tensors, const std::map<std::string, std::string>& metadata = {});
// Atomically: the file is there whole or not at all.
absl::Status WriteSafeTensors(const std::filesystem::path& path, const TensorViews& tensors,
                              const std::map<std::string, std::string>& metadata = {});

// A view of floats, for writing. `data` must hold as many as `shape` says.
TensorView FloatView(std::span<const float> data, std::vector<int64_t> shape);

// A model folder's tensors by name, from model.safetensors or from the shards that
// model.safetensors.index.json lists. Tensors live as long as a copy of the object.
class Checkpoint {
 public:
  static absl::StatusOr<Checkpoint> Open(const std::filesystem::path& folder);

  std::vector<std::string> names() const;               // sorted
  const TensorView* Find(std::string_view name) const;  // null if there is none
  // NOT_FOUND, or INVALID_ARGUMENT where the shape is another; both name folder and tensor.
  absl::StatusOr<TensorView> Get(std::string_view name, std::span<const int64_t> shape) const;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  absl::Status OpenShards(const std::filesystem::path& index);

  std::filesystem::path folder_;
  std::vector<std::shared_ptr<const SafeTensors>> files_;
  std::map<std::string, const TensorView*, std::less<>> tensors_;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_SAFETENSORS_H_

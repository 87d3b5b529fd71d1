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
#include "common/model/tensor_view.h"

namespace tact {

class SafeTensors {
 public:
  static absl::StatusOr<SafeTensors> Open(const std::filesystem::path& path);
  // `bytes` must outlive the object; `name` is for errors.
  static absl::StatusOr<SafeTensors> Parse(std::span<const std::byte> bytes, std::string_view name);

  const TensorViews& tensors() const { return tensors_; }
  std::vector<std::string> names() const;               // sorted
  const TensorView* Find(std::string_view name) const;  // null if there is none
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // Lets memory of a part of a file's tensor go until it is read again; no more than a hint.
  void Release(std::span<const std::byte> part) const {
    if (file_ != nullptr) file_->Release(part);
  }

 private:
  std::shared_ptr<const MappedFile> file_;  // null after Parse
  TensorViews tensors_;
  std::map<std::string, std::string> metadata_;
};

// The same tensors give the same bytes: names sorted, header padded with spaces to 8 bytes,
// metadata {"format": "pt"} and what is given.
absl::StatusOr<std::string> SerializeSafeTensors(
    const TensorViews& tensors, const std::map<std::string, std::string>& metadata = {});
// Atomically: the file is there whole or not at all.
absl::Status WriteSafeTensors(const std::filesystem::path& path, const TensorViews& tensors,
                              const std::map<std::string, std::string>& metadata = {});

}  // namespace tact

#endif  // TACT_COMMON_MODEL_SAFETENSORS_H_

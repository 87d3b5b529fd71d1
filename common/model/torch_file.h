// Tensors of a file that torch.save wrote: pytorch_model.bin, adapter_model.bin. A zip archive
// (PyTorch 1.6 and later) of a pickle and one entry for each storage; the pickle is read by
// common/model/pickle.h, so no code runs. Tensors may share a storage and have any strides.
#ifndef TACT_COMMON_MODEL_TORCH_FILE_H_
#define TACT_COMMON_MODEL_TORCH_FILE_H_

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/tensor_view.h"
#include "common/model/zip_archive.h"

namespace tact {

class TorchFile {
 public:
  static absl::StatusOr<TorchFile> Open(const std::filesystem::path& path);
  // `bytes` are not needed afterwards; `name` is for errors.
  static absl::StatusOr<TorchFile> Parse(std::span<const std::byte> bytes, std::string_view name);

  const TensorViews& tensors() const { return tensors_; }

 private:
  TensorViews tensors_;
  std::vector<ByteBuffer> buffers_;  // what the tensors lie in
};

// What torch.load reads as a dict of tensors; the same tensors give the same bytes.
absl::StatusOr<std::string> SerializeTorchFile(const TensorViews& tensors);
// Atomically: the file is there whole or not at all.
absl::Status WriteTorchFile(const std::filesystem::path& path, const TensorViews& tensors);

}  // namespace tact

#endif  // TACT_COMMON_MODEL_TORCH_FILE_H_

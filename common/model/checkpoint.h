// Weights of a Hugging Face folder, whatever file they lie in: a model's or an adapter's, as
// safetensors or as torch.save writes them, in one file or in the shards that an index lists.
#ifndef TACT_COMMON_MODEL_CHECKPOINT_H_
#define TACT_COMMON_MODEL_CHECKPOINT_H_

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/tensor_view.h"

namespace tact {

// Tensors live as long as a copy of the object.
class Checkpoint {
 public:
  // The first there is of model.safetensors, model.safetensors.index.json, pytorch_model.bin and
  // pytorch_model.bin.index.json (transformers' order); NOT_FOUND if there is none.
  static absl::StatusOr<Checkpoint> Open(const std::filesystem::path& folder);
  // adapter_model.safetensors, else adapter_model.bin.
  static absl::StatusOr<Checkpoint> OpenAdapter(const std::filesystem::path& folder);

  std::vector<std::string> names() const;               // sorted
  const TensorView* Find(std::string_view name) const;  // null if there is none
  // NOT_FOUND, or INVALID_ARGUMENT where the shape is another; both name file and tensor.
  absl::StatusOr<TensorView> Get(std::string_view name, std::span<const int64_t> shape) const;
  const std::filesystem::path& folder() const { return folder_; }
  // Lets memory of a part of a tensor go until it is read again; no more than a hint.
  void Release(std::span<const std::byte> part) const;
  // "FILE: NAME" for errors; the folder where there is no such tensor.
  std::string Where(std::string_view name) const;

 private:
  struct File;  // one open file
  struct Entry {
    const TensorView* view;
    const File* file;
  };
  absl::Status AddFile(const std::filesystem::path& path);
  absl::Status AddShards(const std::filesystem::path& index);

  std::filesystem::path folder_;
  std::vector<std::shared_ptr<const File>> files_;
  std::map<std::string, Entry, std::less<>> tensors_;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_CHECKPOINT_H_

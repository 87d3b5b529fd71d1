// Bridges between safetensors files and at::Tensor, seeded generators, and threads of the library.
#ifndef TACT_COMMON_MODEL_TORCH_IO_H_
#define TACT_COMMON_MODEL_TORCH_IO_H_

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/checkpoint.h"
#include "common/model/parameter_map.h"
#include "common/model/safetensors.h"

namespace tact {

// A copy with the file's dtype.
absl::StatusOr<at::Tensor> ToTensor(const TensorView& view);
// A copy as f32; integers are an error that names `name`.
absl::StatusOr<at::Tensor> ToFloatTensor(const TensorView& view, std::string_view name);

// Every tensor of a file, in order of name.
absl::StatusOr<ParameterMap> ReadTensors(const std::filesystem::path& path);
// Every tensor of a checkpoint as f32, in order of name; integers are an error.
absl::StatusOr<ParameterMap> ReadFloatTensors(const Checkpoint& checkpoint);
// Atomic; tensors of any dtype of safetensors, on any stride. Duplicate names are an error. Writes
// safetensors with `metadata`, or where the name ends with ".bin" what torch.load reads.
absl::Status WriteTensors(const std::filesystem::path& path,
                          const std::vector<NamedTensor>& tensors,
                          const std::map<std::string, std::string>& metadata = {});

// A CPU generator of its own.
at::Generator MakeGenerator(uint64_t seed);
// Its whole state as a uint8 tensor, and back; for checkpoints.
at::Tensor GeneratorState(const at::Generator& generator);
absl::Status SetGeneratorState(at::Generator& generator, const at::Tensor& state);

// at::set_num_threads. Call after ConfigureThreads of common/kernels with what it returned.
void ConfigureTorchThreads(int threads);

}  // namespace tact

#endif  // TACT_COMMON_MODEL_TORCH_IO_H_

#include "common/model/torch_io.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <array>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/model/torch_file.h"

namespace tact {
namespace {

constexpr std::array<std::pair<DType, at::ScalarType>, 10> kTypes = {{{DType::kBool, at::kBool},
                                                                      {DType::kU8, at::kByte},
                                                                      {DType::kI8, at::kChar},
                                                                      {DType::kI16, at::kShort},
                                                                      {DType::kF16, at::kHalf},
                                                                      {DType::kBF16, at::kBFloat16},
                                                                      {DType::kI32, at::kInt},
                                                                      {DType::kF32, at::kFloat},
                                                                      {DType::kI64, at::kLong},
                                                                      {DType::kF64, at::kDouble}}};

at::ScalarType ScalarTypeOf(DType dtype) {
  for (const auto& [ours, theirs] : kTypes) {
    if (ours == dtype) return theirs;
  }
  return at::kFloat;
}

std::optional<DType> DTypeOf(at::ScalarType type) {
  for (const auto& [ours, theirs] : kTypes) {
    if (theirs == type) return ours;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<at::Tensor> ToTensor(const TensorView& view) {
  return CatchExceptions("making a tensor", [&]() -> absl::StatusOr<at::Tensor> {
    at::Tensor out = at::empty(view.shape, at::TensorOptions(ScalarTypeOf(view.dtype)));
    if (!view.data.empty()) std::memcpy(out.data_ptr(), view.data.data(), view.data.size());
    return out;
  });
}

absl::StatusOr<at::Tensor> ToFloatTensor(const TensorView& view, std::string_view name) {
  return CatchExceptions("making a tensor", [&]() -> absl::StatusOr<at::Tensor> {
    at::Tensor out = at::empty(view.shape, at::TensorOptions(at::kFloat));
    RETURN_IF_ERROR(
        CopyToFloat(view, name, {out.data_ptr<float>(), static_cast<size_t>(view.num_elements())}));
    return out;
  });
}

absl::StatusOr<ParameterMap> ReadTensors(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const SafeTensors file, SafeTensors::Open(path));
  ParameterMap out;
  for (const auto& [name, view] : file.tensors()) {
    ASSIGN_OR_RETURN(at::Tensor tensor, ToTensor(view));
    out.Add(name, std::move(tensor));
  }
  return out;
}

absl::StatusOr<ParameterMap> ReadFloatTensors(const Checkpoint& checkpoint) {
  ParameterMap out;
  for (const std::string& name : checkpoint.names()) {
    ASSIGN_OR_RETURN(at::Tensor tensor,
                     ToFloatTensor(*checkpoint.Find(name), checkpoint.Where(name)));
    out.Add(name, std::move(tensor));
  }
  return out;
}

absl::Status WriteTensors(const std::filesystem::path& path,
                          const std::vector<NamedTensor>& tensors,
                          const std::map<std::string, std::string>& metadata) {
  std::vector<at::Tensor> alive;
  TensorViews views;
  for (const NamedTensor& item : tensors) {
    alive.push_back(item.tensor.detach().contiguous());
    const at::Tensor& tensor = alive.back();
    const auto dtype = DTypeOf(tensor.scalar_type());
    if (!dtype) {
      return absl::InvalidArgumentError(
          absl::StrCat(path.string(), ": ", item.name, ": safetensors has no such element type"));
    }
    const TensorView view{*dtype,
                          tensor.sizes().vec(),
                          {static_cast<const std::byte*>(tensor.data_ptr()), tensor.nbytes()}};
    if (!views.emplace(item.name, view).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(path.string(), ": two tensors have the name ", item.name));
    }
  }
  if (path.extension() == ".bin") return WriteTorchFile(path, views);
  return WriteSafeTensors(path, views, metadata);
}

at::Generator MakeGenerator(uint64_t seed) {
  return at::make_generator<at::CPUGeneratorImpl>(seed);
}

at::Tensor GeneratorState(const at::Generator& generator) { return generator.get_state(); }

absl::Status SetGeneratorState(at::Generator& generator, const at::Tensor& state) {
  return CatchExceptions("restoring a random generator", [&]() -> absl::Status {
    generator.set_state(state);
    return absl::OkStatus();
  });
}

void ConfigureTorchThreads(int threads) { at::set_num_threads(threads); }

}  // namespace tact

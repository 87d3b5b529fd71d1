#include <array>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/pickle_writer.h"
#include "common/model/torch_file.h"

namespace tact {
namespace {

std::string_view StorageClass(DType dtype) {
  constexpr std::array<std::string_view, 10> kClasses = {
      "BoolStorage",     "ByteStorage", "CharStorage",  "ShortStorage", "HalfStorage",
      "BFloat16Storage", "IntStorage",  "FloatStorage", "LongStorage",  "DoubleStorage"};
  return kClasses[static_cast<size_t>(dtype)];
}

std::vector<int64_t> ContiguousStrides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// An OrderedDict of tensors, each with a storage of its own, numbered in order.
std::string DictPickle(const TensorViews& tensors) {
  PickleWriter out;
  out.Raw("\x80\x02").EmptyOrderedDict().Raw("(");
  size_t key = 0;
  for (const auto& [name, view] : tensors) {
    out.Text(name).Global("torch._utils", "_rebuild_tensor_v2").Raw("(");
    out.Storage(StorageClass(view.dtype), StrCat(key++), view.num_elements()).Int(0);
    out.Tuple(view.shape).Tuple(ContiguousStrides(view.shape));
    out.Raw("\x89").EmptyOrderedDict().Raw("tR");
  }
  return out.Raw("u.").text();
}

}  // namespace

absl::StatusOr<std::string> SerializeTorchFile(const TensorViews& tensors) {
  const std::string pickle = DictPickle(tensors), version = "3\n";
  std::vector<ZipEntry> entries = {{"archive/data.pkl", std::as_bytes(std::span(pickle))}};
  for (const auto& [name, view] : tensors) {
    entries.push_back({StrCat("archive/data/", entries.size() - 1), view.data});
  }
  entries.push_back({"archive/version", std::as_bytes(std::span(version))});
  return SerializeZip(entries);
}

absl::Status WriteTorchFile(const std::filesystem::path& path, const TensorViews& tensors) {
  ASSIGN_OR_RETURN(const std::string bytes, SerializeTorchFile(tensors));
  return WriteFileAtomically(path, bytes);
}

}  // namespace tact

#include "services/policy/engine/tensor_source.h"

#include <algorithm>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/packed_weights.h"

namespace tact {

TensorSource::TensorSource(const Checkpoint& checkpoint)
    : label_(checkpoint.folder().string()),
      names_(checkpoint.names()),
      find_([&checkpoint](std::string_view name) { return checkpoint.Find(name); }),
      release_([&checkpoint](std::span<const std::byte> part) { checkpoint.Release(part); }),
      where_([&checkpoint](std::string_view name) { return checkpoint.Where(name); }) {}

TensorSource::TensorSource(const SafeTensors& tensors, std::string label)
    : label_(std::move(label)),
      names_(tensors.names()),
      find_([&tensors](std::string_view name) { return tensors.Find(name); }),
      where_([label = label_](std::string_view name) { return StrCat(label, ": ", name); }) {}

absl::Status TensorSource::Error(std::string_view tensor, std::string_view value,
                                 std::string_view problem, std::string_view fix) const {
  return FieldError(where_(tensor), value, problem, fix);
}

absl::StatusOr<StackedTensors::Part> TensorSource::Take(const std::string& name,
                                                        const std::vector<int64_t>& shape) {
  const TensorView* view = find_(name);
  if (view == nullptr) {
    return Error(name, StrCat(names_.size(), " other tensors"), "the tensor is missing",
                 StrCat("it must be there with shape ", ShapeString(shape)));
  }
  if (view->shape != shape) {
    return Error(name, ShapeString(view->shape), "the tensor has the wrong shape",
                 StrCat("the served architecture needs ", ShapeString(shape)));
  }
  used_.insert(name);
  return StackedTensors::Part{*view, where_(name)};
}

absl::StatusOr<std::vector<float>> TensorSource::Read(const std::string& name,
                                                      std::vector<int64_t> shape) {
  ASSIGN_OR_RETURN(StackedTensors::Part part, Take(name, shape));
  StackedTensors tensor({std::move(part)});
  return ReadAll(tensor);
}

absl::StatusOr<EmbeddingTable> TensorSource::Embedding(const std::string& name, int64_t rows,
                                                       int64_t columns) {
  ASSIGN_OR_RETURN(StackedTensors::Part part, Take(name, {rows, columns}));
  StackedTensors table({std::move(part)}, release_);
  return EmbeddingTable::Read(table, weight_type_);
}

absl::StatusOr<PackedLinear> TensorSource::Linear(std::initializer_list<std::string> names,
                                                  int64_t out, int64_t in) {
  std::vector<StackedTensors::Part> parts;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(StackedTensors::Part part, Take(name, {out, in}));
    parts.push_back(std::move(part));
  }
  StackedTensors stack(std::move(parts), release_);
  return PackWeight(stack, nullptr, weight_type_);
}

uint64_t TensorSource::NumElements() const {
  uint64_t count = 0;
  for (const std::string& name : names_)
    count += static_cast<uint64_t>(find_(name)->num_elements());
  return count;
}

absl::Status TensorSource::CheckAllUsed() const {
  for (const std::string& name : names_) {
    if (!used_.contains(name)) {
      return Error(name, ShapeString(find_(name)->shape), "the architecture has no such tensor",
                   "send only tensors of the served model");
    }
  }
  return absl::OkStatus();
}

}  // namespace tact

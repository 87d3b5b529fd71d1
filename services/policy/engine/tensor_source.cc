#include "services/policy/engine/tensor_source.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {

TensorSource::TensorSource(const Checkpoint& checkpoint)
    : label_(checkpoint.folder().string()),
      names_(checkpoint.names()),
      find_([&checkpoint](std::string_view name) { return checkpoint.Find(name); }),
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

absl::StatusOr<std::vector<float>> TensorSource::Read(const std::string& name,
                                                      std::vector<int64_t> shape) {
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
  ASSIGN_OR_RETURN(std::vector<float> values, ToFloat(*view, where_(name)));
  const auto broken = std::ranges::find_if(values, [](float x) { return !std::isfinite(x); });
  if (broken == values.end()) return values;
  return Error(name, StrCat(*broken, " at element ", broken - values.begin()),
               "the tensor has a value that is not finite", "send weights without NaN or infinity");
}

absl::StatusOr<PackedLinear> TensorSource::Linear(std::initializer_list<std::string> names,
                                                  int64_t out, int64_t in) {
  std::vector<float> stacked;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(std::vector<float> values, Read(name, {out, in}));
    if (stacked.empty()) {
      stacked = std::move(values);
    } else {
      stacked.insert(stacked.end(), values.begin(), values.end());
    }
  }
  return PackedLinear(stacked.data(), nullptr, out * static_cast<int64_t>(names.size()), in,
                      weight_type_);
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

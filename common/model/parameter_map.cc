#include "common/model/parameter_map.h"

#include <c10/util/Exception.h>

namespace tact {

const at::Tensor& ParameterMap::Add(std::string name, at::Tensor tensor) {
  TORCH_CHECK(!Contains(name), "parameter ", name, " exists already");
  index_.emplace(name, items_.size());
  items_.push_back({std::move(name), std::move(tensor)});
  return items_.back().tensor;
}

const at::Tensor* ParameterMap::Find(std::string_view name) const {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &items_[it->second].tensor;
}

const at::Tensor& ParameterMap::At(std::string_view name) const {
  const at::Tensor* tensor = Find(name);
  TORCH_CHECK(tensor != nullptr, "there is no parameter ", std::string(name));
  return *tensor;
}

int64_t ParameterMap::num_elements() const {
  int64_t count = 0;
  for (const NamedTensor& item : items_) count += item.tensor.numel();
  return count;
}

}  // namespace tact

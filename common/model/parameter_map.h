// Named tensors in a fixed order: the parameters of a model under Hugging Face's names.
#ifndef TACT_COMMON_MODEL_PARAMETER_MAP_H_
#define TACT_COMMON_MODEL_PARAMETER_MAP_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tact {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

class ParameterMap {
 public:
  // `name` must be new. The reference stays valid until the next Add.
  const at::Tensor& Add(std::string name, at::Tensor tensor);
  bool Contains(std::string_view name) const { return index_.contains(name); }
  const at::Tensor* Find(std::string_view name) const;              // null if there is none
  const at::Tensor& At(std::string_view name) const;                // it must exist
  const std::vector<NamedTensor>& items() const { return items_; }  // in the order of Add
  size_t size() const { return items_.size(); }
  int64_t num_elements() const;

 private:
  std::vector<NamedTensor> items_;
  std::map<std::string, size_t, std::less<>> index_;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_PARAMETER_MAP_H_

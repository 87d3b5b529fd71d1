// Named tensors from a model folder or from a pushed payload, read as finite f32 of a wanted shape;
// it remembers what was asked for, so that tensors nobody knows are found.
#ifndef TACT_SERVICES_POLICY_ENGINE_TENSOR_SOURCE_H_
#define TACT_SERVICES_POLICY_ENGINE_TENSOR_SOURCE_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/kernels/linear.h"
#include "common/model/checkpoint.h"
#include "common/model/embedding_table.h"
#include "common/model/safetensors.h"
#include "common/model/stacked_tensors.h"

namespace tact {

class TensorSource {
 public:
  // `checkpoint` or `tensors` must outlive the source. `label` is what errors name.
  explicit TensorSource(const Checkpoint& checkpoint);
  TensorSource(const SafeTensors& tensors, std::string label);

  bool Has(std::string_view name) const { return find_(name) != nullptr; }
  const TensorView* Find(std::string_view name) const { return find_(name); }
  const std::vector<std::string>& names() const { return names_; }
  const std::string& label() const { return label_; }

  // INVALID_ARGUMENT names the tensor: missing, another shape, not a float, not finite.
  absl::StatusOr<std::vector<float>> Read(const std::string& name, std::vector<int64_t> shape);

  // The same of a table [rows, columns] that is large: read on the compute threads.
  absl::StatusOr<EmbeddingTable> Embedding(const std::string& name, int64_t rows, int64_t columns);

  // Weights [out, in] each, stacked into one product y = x [W0; W1; ...]^T, held as weight_type;
  // read and packed on the compute threads.
  absl::StatusOr<PackedLinear> Linear(std::initializer_list<std::string> names, int64_t out,
                                      int64_t in);

  void set_weight_type(WeightType type) { weight_type_ = type; }
  WeightType weight_type() const { return weight_type_; }

  // Marks a name as known without reading it.
  void Ignore(const std::string& name) { used_.insert(name); }
  // INVALID_ARGUMENT names the first tensor that was neither read nor ignored.
  absl::Status CheckAllUsed() const;

  // Of all tensors together.
  uint64_t NumElements() const;

  // INVALID_ARGUMENT about one tensor of this source.
  absl::Status Error(std::string_view tensor, std::string_view value, std::string_view problem,
                     std::string_view fix) const;

 private:
  // The tensor, marked as used, if it is there with this shape.
  absl::StatusOr<StackedTensors::Part> Take(const std::string& name,
                                            const std::vector<int64_t>& shape);

  std::string label_;
  std::vector<std::string> names_;
  std::function<const TensorView*(std::string_view)> find_;
  StackedTensors::Release release_;
  std::function<std::string(std::string_view)> where_;  // file and tensor, for errors
  std::set<std::string> used_;
  WeightType weight_type_ = WeightType::kF32;
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_TENSOR_SOURCE_H_

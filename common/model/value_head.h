// The value head of trl 0.4.2: dropout, then a linear of the decoder's last hidden state to one
// number per token. Saved under trl's names, v_head.summary.{weight,bias}.
#ifndef TACT_COMMON_MODEL_VALUE_HEAD_H_
#define TACT_COMMON_MODEL_VALUE_HEAD_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "absl/status/status.h"
#include "common/model/linear_layer.h"
#include "common/model/parameter_map.h"

namespace tact {

class ValueHead {
 public:
  // torch's default for Linear: weight and bias uniform in +-1/sqrt(hidden).
  ValueHead(int64_t hidden, uint64_t seed, double dropout = 0.1);

  // hidden [b, t, d] -> values [b, t].
  at::Tensor Forward(const at::Tensor& hidden) const;

  const ParameterMap& parameters() const { return parameters_; }
  // Copies values of the same names and shapes in place.
  absl::Status CopyWeights(const ParameterMap& source);
  void SetTraining(bool training) { dropout_.training = training; }
  at::Generator& dropout_generator() { return dropout_.generator; }

 private:
  double p_;
  Dropout dropout_;
  ParameterMap parameters_;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_VALUE_HEAD_H_

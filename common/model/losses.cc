#include "common/model/losses.h"

#include <ATen/Functions.h>

namespace tact {

at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels,
                        double label_smoothing) {
  return at::cross_entropy_loss(logits.reshape({-1, logits.size(-1)}), labels.reshape({-1}), {},
                                at::Reduction::Mean, kIgnoreIndex, label_smoothing);
}

at::Tensor TokenLogprobs(const at::Tensor& logits, const at::Tensor& labels) {
  return at::log_softmax(logits, -1).gather(-1, labels.unsqueeze(-1)).squeeze(-1);
}

}  // namespace tact

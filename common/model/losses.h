// Losses of the models.
#ifndef TACT_COMMON_MODEL_LOSSES_H_
#define TACT_COMMON_MODEL_LOSSES_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace tact {

inline constexpr int64_t kIgnoreIndex = -100;  // a label that counts nowhere, as in torch

// Mean over labels that are not kIgnoreIndex of -log softmax(logits)[label]; with smoothing s the
// target is (1 - s) one-hot + s / v. logits [..., v] f32, labels [...] int64 -> scalar.
// NaN where every label is ignored, as torch has it.
at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels,
                        double label_smoothing = 0.0);

// log softmax(logits)[label] for each position: logits [..., v], labels [...] int64 -> [...].
at::Tensor TokenLogprobs(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace tact

#endif  // TACT_COMMON_MODEL_LOSSES_H_

// Bytes that a job needs at its peak, from sizes alone: no model is built, nothing is measured.
// All numbers are f32 (4 bytes).
//
//   weights      every parameter, and once more those of a reference policy of its own
//   gradients    every trained parameter
//   optimizer    two moments of every trained parameter (AdamW)
//   activations  what autograd keeps of one micro-batch, all layers; T tokens of prompts, R of
//                responses, each padded to the longest; d, i, f the widths of model, attention,
//                feed forward; h heads
//     T5, each layer and token:  attention  d + 3 i          (input of the norm; q, k, v)
//                                           + d + i          all weights are trained: normed,
//                                           output
//                                           + d              dropout's mask
//                                feed       d + a f          (a: 1 relu, else 2; gated 3, 3)
//                                           + d + f          all weights; relu without gate: d
//                                           + d + f          dropout's masks
//     attention probabilities    h q k for each row, twice with dropout (they have a mask)
//     cross-attention            as attention, with k and v of the prompt's tokens
//     adapter                    the inputs of its A and B (parameter_plan.h)
//     head                       3 V for each response token (log softmax and its gradients);
//                                5 V for ppo, which takes the entropy too
//     RoBERTa, layer and token:  8 d + 2 f, + 2 d of dropout
//   total        process + 32 MiB, which the compute libraries take at their first step,
//                + max(weights + gradients + optimizer + activations, 2 weights): while a model is
//                loaded its file is mapped beside it
#ifndef TACT_SERVICES_TRAINER_PLAN_MEMORY_ESTIMATE_H_
#define TACT_SERVICES_TRAINER_PLAN_MEMORY_ESTIMATE_H_

#include <cstdint>

#include "common/model/config.h"
#include "services/trainer/plan/parameter_plan.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

// The largest micro-batch.
struct BatchShape {
  int64_t rows = 0;
  int64_t prompt_tokens = 0;  // of the longest row
  int64_t response_tokens = 0;
};

struct TrainingShape {
  BatchShape batch;
  bool all_weights = true;           // else an adapter is trained
  bool dropout = true;               // in the model's own layers
  int64_t reference_parameters = 0;  // of a reference policy that is a model of its own
  int64_t head_copies = 3;           // of a row of logits
  uint64_t process_bytes = 0;        // of the trainer before it loads anything
};

v1::MemoryEstimate EstimateMemory(const T5Config& config, const ParameterPlan& parameters,
                                  const TrainingShape& shape);
// All weights are trained.
v1::MemoryEstimate EstimateMemory(const RobertaConfig& config, const TrainingShape& shape);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PLAN_MEMORY_ESTIMATE_H_

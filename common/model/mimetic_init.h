// Mimetic initialisation of T5's attention (after Trockman and Kolter 2023, "Mimetic initialization
// of self-attention layers"): fresh weights that already look a little like trained ones, so that a
// small model learns to copy names within a few hundred steps instead of tens of thousands.
// Starting from transformers' own initialisation, which it then changes in three places:
//   values and outputs   V orthogonal, O = V^T / 2: a head passes on what it looks at
//   cross-attention      Q = K / 4, K orthogonal: a token looks for its own kind in the prompt
//   relative bias        one encoder head starts at the token before, one at the token after, one
//                        decoder head at the token before; the other heads keep random biases
#ifndef TACT_COMMON_MODEL_MIMETIC_INIT_H_
#define TACT_COMMON_MODEL_MIMETIC_INIT_H_

#include <cstdint>

#include "common/model/config.h"
#include "common/model/parameter_map.h"

namespace tact {

// Changes the weights in place; the same seed gives the same weights.
void ApplyMimeticInit(const T5Config& config, const ParameterMap& parameters, uint64_t seed);

}  // namespace tact

#endif  // TACT_COMMON_MODEL_MIMETIC_INIT_H_

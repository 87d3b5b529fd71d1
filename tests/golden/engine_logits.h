// Logits of the serving engine for decoder inputs that are given.
#ifndef TACT_TESTS_GOLDEN_ENGINE_LOGITS_H_
#define TACT_TESTS_GOLDEN_ENGINE_LOGITS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "services/policy/engine/adapter.h"

namespace tact::golden {

struct GivenResponse {
  std::vector<int32_t> prompt;  // without padding
  std::vector<int32_t> inputs;  // of the decoder, start token first
  const Adapter* adapter = nullptr;
};

// [sum of inputs, vocab], all in one batch. `positions_at_once` decoder positions of each sequence
// a pass: 1 decodes as generation does, more as teacher forcing does; all have the same number.
std::vector<float> EngineLogits(const Snapshot& snapshot, std::span<const GivenResponse> responses,
                                int64_t positions_at_once);

// The same with keys and values of cross-attention in bfloat16, or not, whatever the snapshot says.
std::vector<float> EngineLogits(const Snapshot& snapshot, std::span<const GivenResponse> responses,
                                int64_t positions_at_once, bool half_cross);

// The steps that t5/NAME.json and .safetensors record.
std::vector<GivenResponse> RecordedSteps(const nlohmann::json& json, const SafeTensors& tensors);

// [steps, rows, vocab] as [rows, steps, vocab].
std::vector<float> RowsFirst(const std::vector<float>& logits, size_t rows, size_t vocab);

}  // namespace tact::golden

#endif  // TACT_TESTS_GOLDEN_ENGINE_LOGITS_H_

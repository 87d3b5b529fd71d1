// A LoRA adapter for serving (Hu et al. 2021): y = W x + alpha / rank * B A x on chosen linears of
// a full snapshot, which stays one copy however many adapters stand on it.
#ifndef TACT_SERVICES_POLICY_ENGINE_ADAPTER_H_
#define TACT_SERVICES_POLICY_ENGINE_ADAPTER_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/config.h"
#include "services/policy/engine/snapshot.h"
#include "services/policy/engine/tensor_source.h"

namespace tact {

// The linears of one block that an adapter can change. kWi0 is `wi` where the model is not gated.
enum class Site {
  kSelfQ,
  kSelfK,
  kSelfV,
  kSelfO,
  kCrossQ,
  kCrossK,
  kCrossV,
  kCrossO,
  kWi0,
  kWi1,
  kWo,
  kCount
};

struct LoraPair {
  int64_t in, out;
  std::vector<float> a;  // [rank, in]
  std::vector<float> b;  // [out, rank]
};

using BlockLora = std::array<std::optional<LoraPair>, static_cast<size_t>(Site::kCount)>;

struct Adapter {
  int64_t rank = 0;
  float scale = 0;  // alpha / rank
  uint64_t parameters = 0;
  std::vector<BlockLora> encoder, decoder;  // by block
  std::optional<LoraPair> head;             // of an lm_head that is not tied
  // Where peft's bias "all" trained T5's tables of relative positions.
  std::optional<PositionBias> encoder_bias, decoder_bias;
};

struct LoraScale {
  int64_t rank = 0;
  float alpha = 0;
};

// From the tensors of a PEFT adapter: "base_model.model.<module>.lora_A.weight" and
// "...lora_B.weight", and the tables of relative positions. INVALID_ARGUMENT names the tensor that
// has no place in the model, no partner, another shape or a value that is not finite.
absl::StatusOr<std::shared_ptr<const Adapter>> BuildAdapter(const T5Config& config,
                                                            TensorSource source,
                                                            const LoraScale& scale,
                                                            const SequenceLimits& limits);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_ADAPTER_H_

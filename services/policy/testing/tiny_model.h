// Tiny random T5 weights for tests, made in memory from a seed.
#ifndef TACT_SERVICES_POLICY_TESTING_TINY_MODEL_H_
#define TACT_SERVICES_POLICY_TESTING_TINY_MODEL_H_

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/config.h"
#include "services/policy/engine/task.h"

namespace tact::testing {

struct NamedValues {
  std::vector<int64_t> shape;
  std::vector<float> values;
};
using Weights = std::map<std::string, NamedValues>;

// 2 + 2 layers, 4 heads of 8, d_model 24; gated and untied unless changed.
T5Config TinyConfig(int64_t vocab_size = 61);

// Every tensor that `config` needs, of a size that makes varied text.
Weights RandomWeights(const T5Config& config, uint64_t seed);

// lora_A and lora_B for linears whose name ends with one of `targets`, under PEFT's names.
Weights RandomLora(const T5Config& config, const std::vector<std::string>& targets, int64_t rank,
                   uint64_t seed);

// base + scale * B A, as merging an adapter gives.
Weights Merge(Weights base, const Weights& lora, int64_t rank, float scale);

std::string Serialize(const Weights& weights);  // safetensors

std::shared_ptr<const Snapshot> MakeSnapshot(const T5Config& config, const Weights& weights,
                                             const SequenceLimits& limits = {},
                                             WeightType type = WeightType::kF32);
std::shared_ptr<const Adapter> MakeAdapter(const T5Config& config, const Weights& lora,
                                           const LoraScale& scale);

// config.json and model.safetensors.
void WriteModelFolder(const std::filesystem::path& folder, const T5Config& config,
                      const Weights& weights);

}  // namespace tact::testing

#endif  // TACT_SERVICES_POLICY_TESTING_TINY_MODEL_H_

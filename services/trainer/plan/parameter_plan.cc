#include "services/trainer/plan/parameter_plan.h"

#include <map>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/model/lora.h"
#include "common/model/t5_model.h"
#include "services/trainer/jobs/spec_defaults.h"
#include "services/trainer/weights/lora_settings.h"

namespace tact {
namespace {

// Widths of the stand-in; no two are the same.
constexpr int64_t kModel = 2, kHeads = 3, kFeedForward = 5, kHeadWidth = 7, kRank = 11,
                  kBuckets = 13, kVocabulary = 17, kInner = kHeads * kHeadWidth;

T5Config StandIn(T5Config config) {
  config.vocab_size = kVocabulary;
  config.d_model = kModel;
  config.d_kv = kHeadWidth;
  config.d_ff = kFeedForward;
  config.num_heads = kHeads;
  config.relative_attention_num_buckets = kBuckets;
  config.pad_token_id = config.decoder_start_token_id = 0;
  config.eos_token_id = 1;
  return config;
}

class RealSizes {
 public:
  RealSizes(const T5Config& config, int64_t rank)
      : widths_{{kModel, config.d_model},
                {kHeads, config.num_heads},
                {kFeedForward, config.d_ff},
                {kRank, rank},
                {kBuckets, config.relative_attention_num_buckets},
                {kVocabulary, config.vocab_size},
                {kInner, config.inner_dim()}} {}

  int64_t Width(int64_t stand_in) const { return widths_.at(stand_in); }
  int64_t Numbers(const at::Tensor& tensor) const {
    int64_t out = 1;
    for (const int64_t width : tensor.sizes()) out *= Width(width);
    return out;
  }

 private:
  const std::map<int64_t, int64_t> widths_;
};

bool IsAdapterWeight(std::string_view name) { return name.find(".lora_") != name.npos; }

ParameterCount Count(const T5Model& model, const RealSizes& sizes) {
  ParameterCount out;
  for (const NamedTensor& item : model.parameters().items()) {
    out.total += sizes.Numbers(item.tensor);
  }
  for (const NamedTensor& item : TrainableParameters(model)) {
    const int64_t numbers = sizes.Numbers(item.tensor);
    out.trainable += numbers;
    if (IsAdapterWeight(item.name)) out.total += numbers;
  }
  return out;
}

// Keys and values of cross-attention are computed from the prompt.
bool ReadsPrompt(std::string_view module) {
  return module.starts_with("encoder.") || module.ends_with("EncDecAttention.k") ||
         module.ends_with("EncDecAttention.v");
}

// An adapted layer keeps what A reads (its own dropped copy and mask, with dropout) and what B
// reads.
void AddAdapterFloats(const T5Model& model, const LoraTargets& targets, const RealSizes& sizes,
                      bool dropout, ParameterPlan& plan) {
  for (const std::string& name : targets.linears) {
    const at::Tensor& weight = model.parameters().At(name + ".weight");
    const int64_t input = sizes.Width(weight.size(1)), rank = sizes.Width(kRank);
    const double floats = static_cast<double>((dropout ? 2 : 1) * input + rank);
    (ReadsPrompt(name) ? plan.adapter_prompt_floats : plan.adapter_response_floats) += floats;
  }
}

}  // namespace

absl::StatusOr<ParameterPlan> PlanParameters(const T5Config& config, const v1::JobSpec& spec) {
  const RealSizes sizes(config, spec.lora().rank());
  ASSIGN_OR_RETURN(const auto model, T5Model::Create(StandIn(config), 0, {.mimetic = false}));
  ParameterPlan plan;
  std::unique_ptr<LoraAdapter> adapter;
  if (TrainsAdapter(spec)) {
    LoraConfig lora = ToLoraConfig(spec);
    lora.r = kRank;
    ASSIGN_OR_RETURN(const LoraTargets targets, FindLoraTargets(*model, lora));
    AddAdapterFloats(*model, targets, sizes, lora.dropout > 0, plan);
    ASSIGN_OR_RETURN(adapter, LoraAdapter::Attach(*model, lora, 0));
  }
  plan.count = Count(*model, sizes);
  if (spec.kind() == v1::JOB_KIND_PPO) {
    const int64_t value_head = config.d_model + 1;
    plan.count.trainable += value_head;
    plan.count.total += value_head;
  }
  return plan;
}

}  // namespace tact

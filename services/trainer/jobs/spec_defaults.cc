#include "services/trainer/jobs/spec_defaults.h"

namespace tact {
namespace {

// For proto3 fields without presence, where 0 or "" means "not set".
#define DEFAULT_TO(message, field, value) \
  if (!(message).field()) (message).set_##field(value)
#define DEFAULT_TEXT(message, field, value) \
  if ((message).field().empty()) (message).set_##field(value)
// For fields with presence.
#define DEFAULT_UNSET(message, field, value) \
  if (!(message).has_##field()) (message).set_##field(value)

void FillOptimizer(v1::JobSpec& spec) {
  v1::OptimizerSettings& optimizer = *spec.mutable_optimizer();
  const bool ppo = spec.kind() == v1::JOB_KIND_PPO;
  DEFAULT_UNSET(optimizer, learning_rate, ppo ? 1.41e-5 : 1e-3);
  DEFAULT_UNSET(optimizer, beta1, 0.9);
  DEFAULT_UNSET(optimizer, beta2, 0.999);
  DEFAULT_UNSET(optimizer, epsilon, 1e-8);
  DEFAULT_UNSET(optimizer, weight_decay, 0.0);
  DEFAULT_UNSET(optimizer, max_grad_norm, ppo ? 0.0 : 1.0);
  DEFAULT_TO(optimizer, schedule, ppo ? v1::SCHEDULE_CONSTANT : v1::SCHEDULE_LINEAR);
  DEFAULT_TO(optimizer, algorithm, v1::OPTIMIZER_ALGORITHM_ADAMW_TORCH);
}

void FillLora(v1::JobSpec& spec) {
  v1::LoraSettings& lora = *spec.mutable_lora();
  DEFAULT_TO(lora, rank, 8);
  DEFAULT_TO(lora, alpha, 32.0);
  DEFAULT_UNSET(lora, dropout, spec.kind() == v1::JOB_KIND_PPO ? 0.0 : 0.05);
  DEFAULT_TO(lora, bias, v1::LORA_BIAS_NONE);
  if (lora.target_modules().empty() && lora.target_pattern().empty()) {
    lora.add_target_modules("q");
    lora.add_target_modules("v");
  }
}

void FillSupervised(v1::JobSpec& spec) {
  v1::SupervisedSettings& supervised = *spec.mutable_supervised();
  DEFAULT_TO(supervised, epochs, 1);
  DEFAULT_TO(supervised, batch_size, 8);
  DEFAULT_TO(supervised, gradient_accumulation_steps, 1);
  DEFAULT_TO(supervised, max_prompt_tokens, 512);
  DEFAULT_TO(supervised, max_response_tokens, 128);
  DEFAULT_TO(supervised, accumulation, v1::ACCUMULATION_BY_ITEMS);
}

void FillSampling(v1::SamplingParams& sampling) {
  DEFAULT_UNSET(sampling, max_new_tokens, 100);
  DEFAULT_UNSET(sampling, min_new_tokens, 5);
  DEFAULT_UNSET(sampling, do_sample, true);
  DEFAULT_UNSET(sampling, temperature, 1.0f);
  DEFAULT_UNSET(sampling, top_k, 0);
  DEFAULT_UNSET(sampling, top_p, 1.0f);
  DEFAULT_UNSET(sampling, num_samples, 1);
}

void FillGuards(v1::CollapseGuards& guards) {
  DEFAULT_TO(guards, patience, 1);
  DEFAULT_UNSET(guards, min_length_ratio, 0.4);
}

void FillPpo(v1::PpoSettings& ppo) {
  DEFAULT_TO(ppo, steps, 10);
  DEFAULT_TO(ppo, batch_size, 16);
  DEFAULT_TO(ppo, mini_batch_size, 4);
  DEFAULT_TO(ppo, ppo_epochs, 1);
  DEFAULT_UNSET(ppo, init_kl_coef, 0.2);
  DEFAULT_UNSET(ppo, adaptive_kl, true);
  DEFAULT_UNSET(ppo, target_kl, 6.0);
  DEFAULT_UNSET(ppo, horizon, 10000.0);
  DEFAULT_UNSET(ppo, gamma, 1.0);
  DEFAULT_UNSET(ppo, lambda, 0.95);
  DEFAULT_UNSET(ppo, cliprange, 0.2);
  DEFAULT_UNSET(ppo, cliprange_value, 0.2);
  DEFAULT_UNSET(ppo, vf_coef, 0.1);
  DEFAULT_UNSET(ppo, use_lora, true);
  DEFAULT_TEXT(ppo, reward_label, "neutral");
  DEFAULT_TO(ppo, max_prompt_tokens, 512);
  DEFAULT_UNSET(ppo, value_head_dropout, 0.1);
  DEFAULT_TO(ppo, kl_reference, v1::KL_REFERENCE_INITIAL);
  DEFAULT_TO(ppo, validation_examples, 64);
  FillGuards(*ppo.mutable_guards());
  if (ppo.max_staleness() > 0 && ppo.objective() != v1::PPO_OBJECTIVE_TRL) {
    DEFAULT_TO(*ppo.mutable_improvements(), importance_cap, 2.0);
  }
  DEFAULT_TO(
      ppo, objective,
      HasImprovement(ppo.improvements()) ? v1::PPO_OBJECTIVE_IMPROVED : v1::PPO_OBJECTIVE_TRL);
  FillSampling(*ppo.mutable_sampling());
}

}  // namespace

bool TrainsAdapter(const v1::JobSpec& spec) {
  return spec.kind() == v1::JOB_KIND_LORA ||
         (spec.kind() == v1::JOB_KIND_PPO && (!spec.ppo().has_use_lora() || spec.ppo().use_lora()));
}

bool HasImprovement(const v1::PpoImprovements& i) {
  return i.count_first_token() || i.whiten_over_batch() || i.missing_eos_penalty() != 0 ||
         i.importance_cap() != 0 || i.kl_estimator() > v1::KL_ESTIMATOR_K1;
}

void FillSelection(v1::JobSpec& spec) {
  DEFAULT_TO(*spec.mutable_retention(), keep_last, 2);
  DEFAULT_UNSET(*spec.mutable_retention(), keep_best, true);
  DEFAULT_TO(*spec.mutable_selection(), metric,
             spec.kind() == v1::JOB_KIND_PPO ? v1::SELECTION_METRIC_VALIDATION_REWARD
                                             : v1::SELECTION_METRIC_VALIDATION_LOSS);
}

void FillDefaults(v1::JobSpec& spec) {
  const bool ppo = spec.kind() == v1::JOB_KIND_PPO;
  DEFAULT_TO(spec, checkpoint_steps, ppo ? 5 : 50);
  DEFAULT_UNSET(spec, deterministic, spec.ppo().max_staleness() <= 1);
  FillOptimizer(spec);
  FillSelection(spec);
  if (TrainsAdapter(spec)) FillLora(spec);
  if (ppo) {
    FillPpo(*spec.mutable_ppo());
  } else {
    FillSupervised(spec);
  }
  if (spec.kind() == v1::JOB_KIND_REWARD) return;
  DEFAULT_TEXT(spec, prompt_template, "summarize");
  DEFAULT_TEXT(spec, publish_as, spec.name());
  DEFAULT_TO(*spec.mutable_publish(), mode, v1::PUBLISH_MODE_ALL);
}

}  // namespace tact

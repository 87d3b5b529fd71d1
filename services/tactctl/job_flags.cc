#include "services/tactctl/job_flags.h"

#include <map>
#include <string>
#include <vector>

#include "services/tactctl/flags.h"
#include "services/tactctl/lifecycle_flags.h"

namespace tact::ctl {
namespace {

void AddStartFlags(CLI::App& command, v1::JobSpec* spec) {
  CLI::Option_group* group = command.add_option_group("Start", "What training starts from");
  AddField<std::string>(*group, "--base-model", "A folder under the trainer's models root",
                        [=](std::string v) { spec->set_base_model(v); });
  AddField<std::string>(*group, "--base-job", "Id of a job that has succeeded",
                        [=](std::string v) { spec->set_base_job(v); });
  group->require_option(1);
  command.add_flag_callback(
      "--from-scratch", [=] { spec->set_from_scratch(true); },
      "Draw the weights from the seed instead of loading them");
}

void AddCommonFlags(CLI::App& command, v1::JobSpec* spec) {
  AddField<std::string>(command, "--name", "Shown in lists",
                        [=](std::string v) { spec->set_name(v); });
  AddField<uint64_t>(command, "--seed", "Keys initial weights, shuffling, dropout, rollouts [0]",
                     [=](uint64_t v) { spec->set_seed(v); });
  AddField<uint32_t>(command, "--checkpoint-steps", "A checkpoint after so many steps [50; ppo 5]",
                     [=](uint32_t v) { spec->set_checkpoint_steps(v); });
  command.add_flag_callback(
      "--truncate", [=] { spec->set_truncate(true); },
      "Cut texts above their limits instead of refusing the job");
  if (spec->kind() == v1::JOB_KIND_REWARD) return;
  AddField<std::string>(command, "--template", "Prompt template, see \"generate\" [summarize]",
                        [=](std::string v) { spec->set_prompt_template(v); });
  AddField<std::string>(command, "--publish-as", "Served name of the result [--name, else the id]",
                        [=](std::string v) { spec->set_publish_as(v); });
}

void AddNumber(CLI::App& command, const std::string& flag, const std::string& help,
               std::function<void(double)> set) {
  AddField<double>(command, flag, help, std::move(set))->group("Optimizer");
}

void AddOptimizerFlags(CLI::App& command, v1::OptimizerSettings* optimizer) {
  static const std::map<std::string, v1::Schedule> schedules = {{"constant", v1::SCHEDULE_CONSTANT},
                                                                {"linear", v1::SCHEDULE_LINEAR},
                                                                {"cosine", v1::SCHEDULE_COSINE}};
  static const std::map<std::string, v1::OptimizerAlgorithm> algorithms = {
      {"adamw_torch", v1::OPTIMIZER_ALGORITHM_ADAMW_TORCH},
      {"adamw_hf", v1::OPTIMIZER_ALGORITHM_ADAMW_HF}};
  AddField<std::string>(command, "--optimizer", "adamw_torch or adamw_hf [adamw_torch]",
                        [=](std::string v) { optimizer->set_algorithm(algorithms.at(v)); })
      ->check(CLI::IsMember(algorithms).description(""))
      ->group("Optimizer");
  AddNumber(command, "--learning-rate", "Highest rate of the schedule [1e-3; ppo 1.41e-5]",
            [=](double v) { optimizer->set_learning_rate(v); });
  AddNumber(command, "--beta1", "Decay of the mean of gradients [0.9]",
            [=](double v) { optimizer->set_beta1(v); });
  AddNumber(command, "--beta2", "Decay of the mean of their squares [0.999]",
            [=](double v) { optimizer->set_beta2(v); });
  AddNumber(command, "--epsilon", "Added to the divisor [1e-8]",
            [=](double v) { optimizer->set_epsilon(v); });
  AddNumber(command, "--weight-decay", "Decoupled decay of the weights [0]",
            [=](double v) { optimizer->set_weight_decay(v); });
  AddNumber(command, "--max-grad-norm", "Clips the global norm, 0 never [1; ppo 0]",
            [=](double v) { optimizer->set_max_grad_norm(v); });
  AddField<std::string>(command, "--schedule", "constant, linear or cosine [linear; ppo constant]",
                        [=](std::string v) { optimizer->set_schedule(schedules.at(v)); })
      ->check(CLI::IsMember(schedules).description(""))
      ->group("Optimizer");
  AddField<uint32_t>(command, "--warmup-steps", "Linear growth from 0 [0]", [=](uint32_t v) {
    optimizer->set_warmup_steps(v);
  })->group("Optimizer");
  AddNumber(command, "--min-learning-rate-ratio", "End of the cosine schedule [0]",
            [=](double v) { optimizer->set_min_learning_rate_ratio(v); });
}

void AddLoraFlags(CLI::App& command, v1::LoraSettings* lora) {
  AddField<uint32_t>(command, "--lora-rank", "Columns of A and rows of B [8]", [=](uint32_t v) {
    lora->set_rank(v);
  })->group("LoRA");
  AddField<double>(command, "--lora-alpha", "The update counts alpha / rank times [32]",
                   [=](double v) { lora->set_alpha(v); })
      ->group("LoRA");
  AddField<double>(command, "--lora-dropout", "Dropout before A [0.05; ppo 0]", [=](double v) {
    lora->set_dropout(v);
  })->group("LoRA");
  AddField<std::vector<std::string>>(command, "--lora-target", "Ends of the names of linears [q v]",
                                     [=](std::vector<std::string> names) {
                                       lora->mutable_target_modules()->Assign(names.begin(),
                                                                              names.end());
                                     })
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group("LoRA");
  AddField<std::string>(command, "--lora-pattern", "Instead: a regular expression of whole names",
                        [=](std::string v) { lora->set_target_pattern(v); })
      ->group("LoRA");
  static const std::map<std::string, v1::LoraBias> biases = {
      {"none", v1::LORA_BIAS_NONE},
      {"all", v1::LORA_BIAS_ALL},
      {"lora_only", v1::LORA_BIAS_LORA_ONLY}};
  AddField<std::string>(command, "--lora-bias", "none, all or lora_only [none]",
                        [=](std::string v) { lora->set_bias(biases.at(v)); })
      ->check(CLI::IsMember(biases).description(""))
      ->group("LoRA");
}

void AddCount(CLI::App& command, const std::string& flag, const std::string& help,
              std::function<void(uint32_t)> set) {
  AddField<uint32_t>(command, flag, help, std::move(set))->group("Training");
}

void AddSupervisedFlags(CLI::App& command, v1::SupervisedSettings* s) {
  AddCount(command, "--max-steps", "Optimiser steps; 0: --epochs decides [0]",
           [=](uint32_t v) { s->set_max_steps(v); });
  AddCount(command, "--epochs", "Passes over the data [1]", [=](uint32_t v) { s->set_epochs(v); });
  AddCount(command, "--batch-size", "Examples of one step [8]",
           [=](uint32_t v) { s->set_batch_size(v); });
  AddCount(command, "--gradient-accumulation-steps", "Micro-batches of one step [1]",
           [=](uint32_t v) { s->set_gradient_accumulation_steps(v); });
  command
      .add_flag_callback(
          "--mean-of-means", [=] { s->set_accumulation(v1::ACCUMULATION_MEAN_OF_MEANS); },
          "Micro-batches weigh alike, as in transformers")
      ->group("Training");
  AddCount(command, "--max-prompt-tokens", "Limit of a prompt [512]",
           [=](uint32_t v) { s->set_max_prompt_tokens(v); });
  AddCount(command, "--max-response-tokens", "Limit of a response [128]",
           [=](uint32_t v) { s->set_max_response_tokens(v); });
  AddField<double>(command, "--label-smoothing", "0 to below 1 [0]", [=](double v) {
    s->set_label_smoothing(v);
  })->group("Training");
  AddCount(command, "--validation-steps", "Steps between validations; 0: at the end [0]",
           [=](uint32_t v) { s->set_validation_steps(v); });
  command
      .add_flag_callback(
          "--pad-to-max", [=] { s->set_pad_to_max(true); },
          "Pad to the limits, as the reference notebook does")
      ->group("Training");
}

void AddPpoCounts(CLI::App& command, v1::PpoSettings* p) {
  AddCount(command, "--steps", "Steps of batch-size rollouts [10]",
           [=](uint32_t v) { p->set_steps(v); });
  AddCount(command, "--batch-size", "Rollouts of one step [16]",
           [=](uint32_t v) { p->set_batch_size(v); });
  AddCount(command, "--mini-batch-size", "Divides the batch size [4]",
           [=](uint32_t v) { p->set_mini_batch_size(v); });
  AddCount(command, "--ppo-epochs", "Passes over each batch [1]",
           [=](uint32_t v) { p->set_ppo_epochs(v); });
  AddCount(command, "--max-prompt-tokens", "Limit of a prompt [512]",
           [=](uint32_t v) { p->set_max_prompt_tokens(v); });
  AddCount(command, "--min-dialogue-chars", "Leave out shorter dialogues [0]",
           [=](uint32_t v) { p->set_min_dialogue_chars(v); });
  AddCount(command, "--max-dialogue-chars", "Leave out longer dialogues; 0: none [0]",
           [=](uint32_t v) { p->set_max_dialogue_chars(v); });
}

void AddReal(CLI::App& command, const std::string& flag, const std::string& help,
             std::function<void(double)> set) {
  AddField<double>(command, flag, help, std::move(set))->group("PPO");
}

void AddPpoFlags(CLI::App& command, v1::PpoSettings* p) {
  AddReal(command, "--init-kl-coef", "KL coefficient at the start [0.2]",
          [=](double v) { p->set_init_kl_coef(v); });
  AddReal(command, "--target-kl", "Of the adaptive controller [6]",
          [=](double v) { p->set_target_kl(v); });
  AddReal(command, "--horizon", "Of the adaptive controller [10000]",
          [=](double v) { p->set_horizon(v); });
  AddReal(command, "--gamma", "Discount of later rewards [1]", [=](double v) { p->set_gamma(v); });
  AddReal(command, "--lambda", "Of generalised advantage estimation [0.95]",
          [=](double v) { p->set_lambda(v); });
  AddReal(command, "--cliprange", "Clips the policy's ratio to 1 +- this [0.2]",
          [=](double v) { p->set_cliprange(v); });
  AddReal(command, "--cliprange-value", "Clips the change of values [0.2]",
          [=](double v) { p->set_cliprange_value(v); });
  AddReal(command, "--vf-coef", "Weight of the value loss [0.1]",
          [=](double v) { p->set_vf_coef(v); });
  AddField<std::string>(command, "--reward-label", "Whose logit is the reward [neutral]",
                        [=](std::string v) { p->set_reward_label(v); })
      ->group("PPO");
  AddSwitch(command, "adaptive-kl", "Adaptive KL coefficient [yes]",
            [=](bool v) { p->set_adaptive_kl(v); });
  AddSwitch(command, "lora", "Train an adapter, not all weights [yes]",
            [=](bool v) { p->set_use_lora(v); });
  command
      .add_flag_callback(
          "--score-with-prompt", [=] { p->set_score_with_prompt(true); },
          "Score prompt and response as a pair")
      ->group("PPO");
}

void AddImprovementFlags(CLI::App& command, v1::PpoSettings* p) {
  static const std::map<std::string, v1::KlEstimator> estimators = {
      {"k1", v1::KL_ESTIMATOR_K1},
      {"k2", v1::KL_ESTIMATOR_K2},
      {"k3", v1::KL_ESTIMATOR_K3},
      {"absolute", v1::KL_ESTIMATOR_ABSOLUTE}};
  v1::PpoImprovements* i = p->mutable_improvements();
  AddSwitch(command, "count-first-token", "Learn from a response's first token [no]",
            [=](bool v) { i->set_count_first_token(v); });
  AddSwitch(command, "whiten-over-batch", "Whiten advantages over the batch [no]",
            [=](bool v) { i->set_whiten_over_batch(v); });
  AddReal(command, "--missing-eos-penalty", "Off the score of a response without end [0]",
          [=](double v) { i->set_missing_eos_penalty(v); });
  AddReal(command, "--importance-cap", "Truncated importance sampling, 0 is off [0]",
          [=](double v) { i->set_importance_cap(v); });
  AddField<std::string>(command, "--kl-estimator", "k1, k2, k3 or absolute [k1]",
                        [=](std::string v) { i->set_kl_estimator(estimators.at(v)); })
      ->check(CLI::IsMember(estimators).description(""))
      ->group("PPO");
  AddSwitch(
      command, "kl-against-base", "Compare with the base without any adapter [no]",
      [=](bool v) { p->set_kl_reference(v ? v1::KL_REFERENCE_BASE : v1::KL_REFERENCE_INITIAL); });
}

}  // namespace

void AddJobFlags(CLI::App& command, v1::JobSpec* spec) {
  AddStartFlags(command, spec);
  AddCommonFlags(command, spec);
  AddLifecycleFlags(command, spec);
  AddOptimizerFlags(command, spec->mutable_optimizer());
  if (spec->kind() == v1::JOB_KIND_PPO) {
    AddPpoCounts(command, spec->mutable_ppo());
    AddPpoFlags(command, spec->mutable_ppo());
    AddImprovementFlags(command, spec->mutable_ppo());
    AddSamplingFlags(command, spec->mutable_ppo()->mutable_sampling());
  } else {
    AddSupervisedFlags(command, spec->mutable_supervised());
  }
  if (spec->kind() == v1::JOB_KIND_LORA || spec->kind() == v1::JOB_KIND_PPO) {
    AddLoraFlags(command, spec->mutable_lora());
  }
}

}  // namespace tact::ctl

#include "services/trainer/jobs/spec.h"

#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/prompt_template.h"
#include "services/trainer/jobs/spec_defaults.h"

namespace tact {
namespace {

// A number and the range it must lie in; `open_low` leaves the lower end out.
struct Bound {
  const char* field;
  double value;
  double low, high;
  bool open_low = false;
};

absl::Status CheckBounds(std::initializer_list<Bound> bounds) {
  for (const Bound& b : bounds) {
    const bool low_ok = b.open_low ? b.value > b.low : b.value >= b.low;
    if (std::isfinite(b.value) && low_ok && b.value <= b.high) continue;
    return FieldError(
        StrCat("spec.", b.field), StrCat(b.value), "out of range",
        StrCat("choose a value ", b.open_low ? "above " : "from ", b.low, " to ", b.high));
  }
  return absl::OkStatus();
}

// For enums, which may hold any number.
absl::Status CheckChoice(bool valid, const char* field, int value, const char* choices) {
  if (valid) return absl::OkStatus();
  return FieldError(StrCat("spec.", field), StrCat(value), "unknown choice",
                    StrCat("choose ", choices));
}

absl::Status CheckServedName(const std::string& name) {
  bool valid = name.size() <= 64 && name != "base";
  for (char c : name) {
    valid = valid &&
            (absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_' || c == '.');
  }
  if (valid) return absl::OkStatus();
  return FieldError("spec.publish_as", Shorten(name),
                    "not a served name (taken from name if empty)",
                    "use lower-case letters, digits, '-', '_' and '.', at most 64, not \"base\"");
}

absl::Status CheckStart(const v1::JobSpec& spec, const SpecEnvironment& environment) {
  if (spec.start_case() == v1::JobSpec::START_NOT_SET) {
    return FieldError("spec.start", "", "nothing to start from", "set base_model or base_job");
  }
  if (spec.from_scratch() && spec.kind() != v1::JOB_KIND_FULL &&
      spec.kind() != v1::JOB_KIND_REWARD) {
    return FieldError("spec.from_scratch", "true", "only full and reward jobs draw fresh weights",
                      "clear it, or choose JOB_KIND_FULL first");
  }
  ASSIGN_OR_RETURN(const StartKind kind, environment.find_start(spec));
  const bool classifier = spec.kind() == v1::JOB_KIND_REWARD;
  if ((kind == StartKind::kClassifier) == classifier) return absl::OkStatus();
  const bool by_job = spec.start_case() == v1::JobSpec::kBaseJob;
  return FieldError(by_job ? "spec.base_job" : "spec.base_model",
                    by_job ? spec.base_job() : spec.base_model(),
                    classifier ? "not a classifier" : "not a model that generates text",
                    classifier ? "choose a RoBERTa folder" : "choose a T5 folder");
}

absl::Status CheckDatasetKind(const v1::JobSpec& spec, const char* field, const std::string& id,
                              const DatasetFacts& facts) {
  const bool ppo = spec.kind() == v1::JOB_KIND_PPO, reward = spec.kind() == v1::JOB_KIND_REWARD;
  const bool labelled = facts.kind == v1::DATASET_KIND_LABELLED;
  const bool pairs = facts.kind == v1::DATASET_KIND_PAIRS;
  if (reward != labelled || (ppo && pairs)) {
    return FieldError(field, id,
                      StrCat("holds ", v1::DatasetKind_Name(facts.kind), ", not for ",
                             v1::JobKind_Name(spec.kind())),
                      reward ? "upload labelled texts"
                             : (ppo ? "upload dialogues" : "upload dialogues or pairs"));
  }
  if (!reward && !ppo && !facts.has_references) {
    return FieldError(field, id, "some of its dialogues have no summary",
                      "add the column summary, or use the data set for ppo");
  }
  return absl::OkStatus();
}

absl::Status CheckDataset(const v1::JobSpec& spec, const char* field, const std::string& id,
                          const SpecEnvironment& environment) {
  const absl::StatusOr<DatasetFacts> facts = environment.find_dataset(id);
  if (absl::IsNotFound(facts.status())) {
    return FieldError(field, Shorten(id), "there is no such data set",
                      "upload it with UploadDataset and give the id that it returns");
  }
  RETURN_IF_ERROR(facts.status());
  return CheckDatasetKind(spec, field, id, *facts);
}

absl::Status CheckOptimizer(const v1::OptimizerSettings& o) {
  RETURN_IF_ERROR(CheckBounds({
      {"optimizer.learning_rate", o.learning_rate(), 0, 10, true},
      {"optimizer.beta1", o.beta1(), 0, 0.999999},
      {"optimizer.beta2", o.beta2(), 0, 0.99999999},
      {"optimizer.epsilon", o.epsilon(), 0, 1},
      {"optimizer.weight_decay", o.weight_decay(), 0, 1},
      {"optimizer.max_grad_norm", o.max_grad_norm(), 0, 1e6},
      {"optimizer.min_learning_rate_ratio", o.min_learning_rate_ratio(), 0, 1},
  }));
  RETURN_IF_ERROR(CheckChoice(v1::OptimizerAlgorithm_IsValid(o.algorithm()), "optimizer.algorithm",
                              o.algorithm(), "ADAMW_TORCH or ADAMW_HF"));
  return CheckChoice(v1::Schedule_IsValid(o.schedule()), "optimizer.schedule", o.schedule(),
                     "CONSTANT, LINEAR or COSINE");
}

absl::Status CheckLora(const v1::LoraSettings& lora) {
  if (!lora.target_pattern().empty() && lora.target_modules_size() > 0) {
    return FieldError("spec.lora.target_pattern", lora.target_pattern(),
                      "does not go with target_modules", "set one of the two");
  }
  return CheckBounds({{"lora.rank", static_cast<double>(lora.rank()), 1, 1024},
                      {"lora.alpha", lora.alpha(), 0, 1e6, true},
                      {"lora.dropout", lora.dropout(), 0, 0.99}});
}

absl::Status CheckSupervised(const v1::SupervisedSettings& s) {
  RETURN_IF_ERROR(CheckBounds({
      {"supervised.max_steps", static_cast<double>(s.max_steps()), 0, 1e8},
      {"supervised.epochs", static_cast<double>(s.epochs()), 1, 1e5},
      {"supervised.batch_size", static_cast<double>(s.batch_size()), 1, 4096},
      {"supervised.max_prompt_tokens", static_cast<double>(s.max_prompt_tokens()), 2, 16384},
      {"supervised.max_response_tokens", static_cast<double>(s.max_response_tokens()), 2, 4096},
      {"supervised.label_smoothing", s.label_smoothing(), 0, 0.99},
  }));
  RETURN_IF_ERROR(CheckChoice(v1::Accumulation_IsValid(s.accumulation()), "supervised.accumulation",
                              s.accumulation(), "BY_ITEMS or MEAN_OF_MEANS"));
  if (s.gradient_accumulation_steps() <= s.batch_size()) return absl::OkStatus();
  return FieldError("spec.supervised.gradient_accumulation_steps",
                    StrCat(s.gradient_accumulation_steps()),
                    StrCat("above the batch_size of ", s.batch_size()),
                    "split a batch into at most as many parts as it has examples");
}

absl::Status CheckSampling(const v1::SamplingParams& s) {
  RETURN_IF_ERROR(CheckBounds({
      {"ppo.sampling.max_new_tokens", static_cast<double>(s.max_new_tokens()), 2, 4096},
      {"ppo.sampling.min_new_tokens", static_cast<double>(s.min_new_tokens()), 0,
       static_cast<double>(s.max_new_tokens())},
      {"ppo.sampling.temperature", s.temperature(), 0, 100, true},
      {"ppo.sampling.top_p", s.top_p(), 0, 1, true},
      {"ppo.sampling.num_samples", static_cast<double>(s.num_samples()), 1, 1},
  }));
  if (s.do_sample()) return absl::OkStatus();
  return FieldError("spec.ppo.sampling.do_sample", "false",
                    "PPO learns from samples of its own distribution", "set it to true");
}

absl::Status CheckPpoNumbers(const v1::PpoSettings& p) {
  return CheckBounds({
      {"ppo.steps", static_cast<double>(p.steps()), 1, 1e7},
      {"ppo.batch_size", static_cast<double>(p.batch_size()), 2, 1024},
      {"ppo.mini_batch_size", static_cast<double>(p.mini_batch_size()), 1, 1024},
      {"ppo.ppo_epochs", static_cast<double>(p.ppo_epochs()), 1, 100},
      {"ppo.init_kl_coef", p.init_kl_coef(), 0, 1e3},
      {"ppo.target_kl", p.target_kl(), 0, 1e6, true},
      {"ppo.horizon", p.horizon(), 0, 1e9, true},
      {"ppo.gamma", p.gamma(), 0, 1},
      {"ppo.lambda", p.lambda(), 0, 1},
      {"ppo.cliprange", p.cliprange(), 0, 1, true},
      {"ppo.cliprange_value", p.cliprange_value(), 0, 1e6, true},
      {"ppo.vf_coef", p.vf_coef(), 0, 1e3},
      {"ppo.max_prompt_tokens", static_cast<double>(p.max_prompt_tokens()), 2, 16384},
      {"ppo.max_staleness", static_cast<double>(p.max_staleness()), 0, 16},
      {"ppo.validation_examples", static_cast<double>(p.validation_examples()), 1, 4096},
      {"ppo.value_head_dropout", p.value_head_dropout(), 0, 0.99},
      {"ppo.improvements.missing_eos_penalty", p.improvements().missing_eos_penalty(), 0, 1e6},
      {"ppo.improvements.importance_cap", p.improvements().importance_cap(), 0, 1e6},
  });
}

absl::Status CheckObjective(const v1::PpoSettings& p) {
  RETURN_IF_ERROR(CheckChoice(v1::PpoObjective_IsValid(p.objective()), "ppo.objective",
                              p.objective(), "TRL or IMPROVED"));
  RETURN_IF_ERROR(CheckChoice(v1::KlReference_IsValid(p.kl_reference()), "ppo.kl_reference",
                              p.kl_reference(), "INITIAL or BASE"));
  const v1::KlEstimator estimator = p.improvements().kl_estimator();
  RETURN_IF_ERROR(CheckChoice(v1::KlEstimator_IsValid(estimator), "ppo.improvements.kl_estimator",
                              estimator, "K1, K2, K3 or ABSOLUTE"));
  if (p.objective() != v1::PPO_OBJECTIVE_TRL || !HasImprovement(p.improvements())) {
    return absl::OkStatus();
  }
  return FieldError("spec.ppo.objective", "PPO_OBJECTIVE_TRL",
                    "an improvement is set beside it, which TRL does not have",
                    "choose PPO_OBJECTIVE_IMPROVED, or clear ppo.improvements");
}

absl::Status CheckGuards(const v1::CollapseGuards& g) {
  return CheckBounds({
      {"ppo.guards.patience", static_cast<double>(g.patience()), 1, 1e6},
      {"ppo.guards.max_kl", g.max_kl(), 0, 1e6},
      {"ppo.guards.min_length_ratio", g.min_length_ratio(), 0, 1},
      {"ppo.guards.max_length_ratio", g.max_length_ratio(), 0, 1e6},
      {"ppo.guards.min_distinct_2", g.min_distinct_2(), 0, 1},
      {"ppo.guards.min_reward_stddev", g.min_reward_stddev(), 0, 1e6},
  });
}

absl::Status CheckStaleness(const v1::JobSpec& spec) {
  const v1::PpoSettings& p = spec.ppo();
  if (p.max_staleness() > 1 && spec.deterministic()) {
    return FieldError("spec.deterministic", "true",
                      StrCat("one call for rollouts at a time is at most one version ahead, not ",
                             p.max_staleness()),
                      "set it to false, or ppo.max_staleness to 0 or 1");
  }
  if (p.max_staleness() == 0 || p.objective() != v1::PPO_OBJECTIVE_TRL) return absl::OkStatus();
  return FieldError("spec.ppo.max_staleness", StrCat(p.max_staleness()),
                    "TRL's objective takes rollouts of the current policy only",
                    "choose PPO_OBJECTIVE_IMPROVED, or set max_staleness to 0");
}

absl::Status CheckSelection(const v1::JobSpec& spec) {
  const v1::SelectionSettings& s = spec.selection();
  RETURN_IF_ERROR(CheckBounds({
      {"selection.patience", static_cast<double>(s.patience()), 0, 1e6},
      {"selection.min_delta", s.min_delta(), 0, 1e6},
      {"retention.keep_last", static_cast<double>(spec.retention().keep_last()), 1, 1000},
  }));
  const bool ppo = spec.kind() == v1::JOB_KIND_PPO, reward = spec.kind() == v1::JOB_KIND_REWARD;
  const bool valid = ppo ? s.metric() == v1::SELECTION_METRIC_VALIDATION_REWARD
                         : s.metric() == v1::SELECTION_METRIC_VALIDATION_LOSS ||
                               (reward && s.metric() == v1::SELECTION_METRIC_VALIDATION_ACCURACY);
  RETURN_IF_ERROR(CheckChoice(valid, "selection.metric", s.metric(),
                              ppo      ? "VALIDATION_REWARD"
                              : reward ? "VALIDATION_LOSS or VALIDATION_ACCURACY"
                                       : "VALIDATION_LOSS"));
  if ((s.patience() > 0 || s.restore_best()) && spec.validation_dataset_id().empty()) {
    return FieldError("spec.validation_dataset_id", "",
                      "selection.patience and restore_best need validation",
                      "upload held-out examples and give their id");
  }
  if (!s.restore_best() || spec.retention().keep_best()) return absl::OkStatus();
  return FieldError("spec.selection.restore_best", "true", "the best checkpoint is not kept",
                    "set retention.keep_best");
}

absl::Status CheckPublish(const v1::PublishSettings& publish, uint32_t replicas) {
  RETURN_IF_ERROR(CheckChoice(v1::PublishMode_IsValid(publish.mode()), "publish.mode",
                              publish.mode(), "ALL or QUORUM"));
  if (publish.mode() == v1::PUBLISH_MODE_QUORUM && replicas > 0 &&
      publish.min_replicas() > replicas) {
    return FieldError("spec.publish.min_replicas", StrCat(publish.min_replicas()),
                      StrCat("this trainer has ", replicas, " policy replicas"),
                      StrCat("choose 1 to ", replicas,
                             ", 0 for more than half, or start the trainer with more --policy"));
  }
  if (publish.min_replicas() == 0 || publish.mode() == v1::PUBLISH_MODE_QUORUM) {
    return absl::OkStatus();
  }
  return FieldError("spec.publish.min_replicas", StrCat(publish.min_replicas()),
                    "only PUBLISH_MODE_QUORUM counts replicas", "set publish.mode, or leave it 0");
}

absl::Status CheckPpo(const v1::JobSpec& spec, const SpecEnvironment& environment) {
  const v1::PpoSettings& p = spec.ppo();
  RETURN_IF_ERROR(CheckPpoNumbers(p));
  RETURN_IF_ERROR(CheckObjective(p));
  RETURN_IF_ERROR(CheckStaleness(spec));
  RETURN_IF_ERROR(CheckGuards(p.guards()));
  RETURN_IF_ERROR(CheckSampling(p.sampling()));
  if (p.batch_size() % p.mini_batch_size() != 0) {
    return FieldError("spec.ppo.mini_batch_size", StrCat(p.mini_batch_size()),
                      StrCat("does not divide the batch_size of ", p.batch_size()),
                      "choose a divisor");
  }
  if (p.max_dialogue_chars() != 0 && p.max_dialogue_chars() < p.min_dialogue_chars()) {
    return FieldError("spec.ppo.max_dialogue_chars", StrCat(p.max_dialogue_chars()),
                      StrCat("below min_dialogue_chars of ", p.min_dialogue_chars()),
                      "raise it, or set 0 for no limit");
  }
  if (TrainsAdapter(spec) && spec.lora().dropout() != 0) {
    return FieldError("spec.lora.dropout", StrCat(spec.lora().dropout()),
                      "PPO compares logprobs of one policy, which dropout would blur",
                      "set it to 0");
  }
  if (!environment.has_policy || !environment.has_reward) {
    return MakeError(absl::StatusCode::kFailedPrecondition,
                     {"NO_REPLICAS", "spec.kind", "JOB_KIND_PPO",
                      "start the trainer with --policy ADDRESS and --reward ADDRESS"},
                     "this trainer knows no policy or no reward service");
  }
  return absl::OkStatus();
}

absl::Status CheckKindSettings(const v1::JobSpec& spec, const SpecEnvironment& environment) {
  if (TrainsAdapter(spec)) RETURN_IF_ERROR(CheckLora(spec.lora()));
  if (spec.kind() == v1::JOB_KIND_PPO) return CheckPpo(spec, environment);
  return CheckSupervised(spec.supervised());
}

}  // namespace

absl::StatusOr<v1::JobSpec> ResolveSpec(const v1::JobSpec& asked,
                                        const SpecEnvironment& environment) {
  if (asked.kind() < v1::JOB_KIND_FULL || asked.kind() > v1::JOB_KIND_REWARD) {
    return FieldError("spec.kind", StrCat(asked.kind()), "unknown kind of job",
                      "choose FULL, LORA, PPO or REWARD");
  }
  v1::JobSpec spec = asked;
  FillDefaults(spec);
  RETURN_IF_ERROR(CheckStart(spec, environment));
  RETURN_IF_ERROR(CheckOptimizer(spec.optimizer()));
  RETURN_IF_ERROR(CheckSelection(spec));
  if (spec.publish().mode() == v1::PUBLISH_MODE_QUORUM && spec.publish().min_replicas() == 0 &&
      environment.policy_replicas > 0) {
    spec.mutable_publish()->set_min_replicas(environment.policy_replicas / 2 + 1);
  }
  RETURN_IF_ERROR(CheckPublish(spec.publish(), environment.policy_replicas));
  RETURN_IF_ERROR(CheckKindSettings(spec, environment));
  RETURN_IF_ERROR(CheckDataset(spec, "spec.dataset_id", spec.dataset_id(), environment));
  if (!spec.validation_dataset_id().empty()) {
    RETURN_IF_ERROR(CheckDataset(spec, "spec.validation_dataset_id", spec.validation_dataset_id(),
                                 environment));
  }
  if (spec.kind() == v1::JOB_KIND_REWARD) return spec;
  RETURN_IF_ERROR(CheckServedName(spec.publish_as()));
  const auto found = FindTemplate(spec.prompt_template());
  if (!found.ok()) return Annotate(found.status(), "spec.prompt_template");
  return spec;
}

}  // namespace tact

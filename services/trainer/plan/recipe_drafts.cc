#include "services/trainer/plan/recipe_drafts.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/base/random.h"
#include "common/base/status.h"
#include "common/model/lora.h"
#include "common/text/tokenizer.h"
#include "services/trainer/classifier/classifier_task.h"
#include "services/trainer/jobs/spec_defaults.h"
#include "services/trainer/plan/memory_estimate.h"
#include "services/trainer/plan/parameter_plan.h"
#include "services/trainer/sft/sft_task.h"
#include "services/trainer/supervised/loop.h"
#include "services/trainer/weights/lora_settings.h"

namespace tact {
namespace {

// Where a job starts, and its data.
struct Ground {
  ModelSource source;
  std::unique_ptr<const Tokenizer> tokenizer;
  StoredDataset dataset;
};

absl::StatusOr<Ground> FindGround(const v1::JobSpec& spec, const JobEnvironment& environment) {
  Ground out;
  ASSIGN_OR_RETURN(out.source, ResolveSource(spec, environment.folders, environment.find_job));
  ASSIGN_OR_RETURN(out.tokenizer, LoadTokenizer(out.source.folder));
  ASSIGN_OR_RETURN(out.dataset, environment.datasets->Find(spec.dataset_id()));
  return out;
}

void SetCounts(const ParameterCount& count, uint32_t steps, v1::PlanJobResponse& plan) {
  plan.set_trainable_parameters(static_cast<uint64_t>(count.trainable));
  plan.set_total_parameters(static_cast<uint64_t>(count.total));
  plan.set_total_steps(steps);
}

template <typename T>
int64_t Longest(const std::vector<T>& examples, std::vector<int32_t> T::*tokens) {
  size_t longest = 0;
  for (const T& example : examples) longest = std::max(longest, (example.*tokens).size());
  return static_cast<int64_t>(longest);
}

BatchShape MicroBatchShape(const v1::JobSpec& spec, int64_t prompt, int64_t response) {
  uint32_t parts = 1;
  const v1::SupervisedSettings s = OneMicroBatch(spec, &parts).supervised();
  if (!s.pad_to_max()) return {s.batch_size(), prompt, response};
  return {s.batch_size(), s.max_prompt_tokens(), response > 0 ? s.max_response_tokens() : 0};
}

absl::StatusOr<std::unique_ptr<LoraAdapter>> Prepare(T5Model& model, const v1::JobSpec& spec) {
  if (TrainsAdapter(spec)) {
    return LoraAdapter::Attach(model, ToLoraConfig(spec), MixKey(spec.seed(), kAdapterStream));
  }
  model.SetRequiresGrad(true);
  return nullptr;
}

absl::StatusOr<PlanDraft> DraftSft(const v1::JobSpec& spec, const JobEnvironment& environment,
                                   uint64_t process_bytes) {
  ASSIGN_OR_RETURN(const Ground ground, FindGround(spec, environment));
  ASSIGN_OR_RETURN(const T5Config config, T5Config::Load(ground.source.folder));
  ASSIGN_OR_RETURN(auto examples, ReadSftExamples(ground.dataset, *ground.tokenizer, spec));
  ASSIGN_OR_RETURN(const ParameterPlan parameters, PlanParameters(config, spec));
  TrainingShape shape;
  shape.batch = MicroBatchShape(spec, Longest(examples, &SftExample::prompt),
                                Longest(examples, &SftExample::response));
  shape.all_weights = !TrainsAdapter(spec);
  shape.process_bytes = process_bytes;
  PlanDraft out;
  SetCounts(parameters.count, SupervisedSteps(spec.supervised(), examples.size()), out.plan);
  *out.plan.mutable_memory() = EstimateMemory(config, parameters, shape);
  out.trial = [spec, source = ground.source, examples = std::move(examples)](
                  const TrialLimits& limits) -> absl::StatusOr<double> {
    ASSIGN_OR_RETURN(const auto model, LoadT5(source, spec));
    ASSIGN_OR_RETURN(const auto adapter, Prepare(*model, spec));
    SftTask task(*model, spec.supervised(), examples, {});
    return TimeSupervisedStep(task, spec, limits);
  };
  return out;
}

absl::StatusOr<PlanDraft> DraftClassifier(const v1::JobSpec& spec,
                                          const JobEnvironment& environment,
                                          uint64_t process_bytes) {
  ASSIGN_OR_RETURN(const Ground ground, FindGround(spec, environment));
  ASSIGN_OR_RETURN(const RobertaConfig config, RobertaConfig::Load(ground.source.folder));
  ASSIGN_OR_RETURN(auto examples,
                   ReadClassifierExamples(ground.dataset, *ground.tokenizer, config, spec));
  TrainingShape shape;
  shape.batch = MicroBatchShape(spec, Longest(examples, &ClassifierExample::ids), 0);
  shape.process_bytes = process_bytes;
  PlanDraft out;
  SetCounts({config.num_parameters(), config.num_parameters()},
            SupervisedSteps(spec.supervised(), examples.size()), out.plan);
  *out.plan.mutable_memory() = EstimateMemory(config, shape);
  out.trial = [spec, source = ground.source, examples = std::move(examples)](
                  const TrialLimits& limits) -> absl::StatusOr<double> {
    ASSIGN_OR_RETURN(const auto model, LoadRoberta(source, spec));
    model->SetRequiresGrad(true);
    ClassifierTask task(*model, spec.supervised(), examples, {});
    return TimeSupervisedStep(task, spec, limits);
  };
  return out;
}

absl::StatusOr<double> TryPpo(const ModelSource& source, const v1::JobSpec& spec,
                              const std::vector<PpoPrompt>& prompts, bool with_reference,
                              const TrialLimits& limits) {
  ASSIGN_OR_RETURN(auto model, LoadT5(source, spec));
  std::unique_ptr<T5Model> reference;
  if (with_reference) {
    ASSIGN_OR_RETURN(reference, LoadT5(source, spec));
  }
  ASSIGN_OR_RETURN(const auto learner,
                   PpoLearner::Create(std::move(model), std::move(reference), spec));
  return TimePpoStep(*learner, prompts, spec, limits);
}

absl::StatusOr<PlanDraft> DraftPpo(const v1::JobSpec& spec, const JobEnvironment& environment,
                                   uint64_t process_bytes) {
  ASSIGN_OR_RETURN(const Ground ground, FindGround(spec, environment));
  ASSIGN_OR_RETURN(const T5Config config, T5Config::Load(ground.source.folder));
  ASSIGN_OR_RETURN(auto prompts, ReadPrompts(ground.dataset, *ground.tokenizer, spec));
  ASSIGN_OR_RETURN(const ParameterPlan parameters, PlanParameters(config, spec));
  const bool with_reference =
      !TrainsAdapter(spec) ||
      (spec.ppo().kl_reference() == v1::KL_REFERENCE_BASE && !ground.source.adapters.empty());
  TrainingShape shape;
  shape.batch = {spec.ppo().mini_batch_size(), Longest(prompts, &PpoPrompt::ids),
                 spec.ppo().sampling().max_new_tokens()};
  shape.all_weights = !TrainsAdapter(spec);
  shape.dropout = false;
  shape.head_copies = 5;
  shape.reference_parameters = with_reference ? config.num_parameters() : 0;
  shape.process_bytes = process_bytes;
  PlanDraft out;
  SetCounts(parameters.count, spec.ppo().steps(), out.plan);
  *out.plan.mutable_memory() = EstimateMemory(config, parameters, shape);
  out.trial = [spec, source = ground.source, prompts = std::move(prompts),
               with_reference](const TrialLimits& limits) {
    return TryPpo(source, spec, prompts, with_reference, limits);
  };
  return out;
}

}  // namespace

absl::StatusOr<PlanDraft> DraftPlan(const v1::JobSpec& spec, const JobEnvironment& environment,
                                    uint64_t process_bytes) {
  switch (spec.kind()) {
    case v1::JOB_KIND_REWARD:
      return DraftClassifier(spec, environment, process_bytes);
    case v1::JOB_KIND_PPO:
      return DraftPpo(spec, environment, process_bytes);
    default:
      return DraftSft(spec, environment, process_bytes);
  }
}

}  // namespace tact

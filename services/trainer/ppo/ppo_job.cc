#include "services/trainer/ppo/ppo_job.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/text/tokenizer.h"
#include "services/trainer/jobs/spec_defaults.h"
#include "services/trainer/ppo/learner.h"
#include "services/trainer/ppo/ppo_run.h"
#include "services/trainer/ppo/prompts.h"
#include "services/trainer/weights/publish_result.h"
#include "services/trainer/weights/results.h"

namespace tact {
namespace {

absl::StatusOr<PpoPrompts> LoadPrompts(const ModelSource& source, const JobEnvironment& environment,
                                       const v1::JobSpec& spec) {
  ASSIGN_OR_RETURN(const auto tokenizer, LoadTokenizer(source.folder));
  ASSIGN_OR_RETURN(const StoredDataset dataset, environment.datasets->Find(spec.dataset_id()));
  PpoPrompts out;
  ASSIGN_OR_RETURN(out.train, ReadPrompts(dataset, *tokenizer, spec));
  if (spec.validation_dataset_id().empty()) return out;
  ASSIGN_OR_RETURN(const StoredDataset held_out,
                   environment.datasets->Find(spec.validation_dataset_id()));
  ASSIGN_OR_RETURN(out.validation, ReadPrompts(held_out, *tokenizer, spec));
  out.validation.resize(std::min<size_t>(out.validation.size(), spec.ppo().validation_examples()));
  return out;
}

// Null where the model without its new adapter is the reference.
absl::StatusOr<std::unique_ptr<T5Model>> LoadReference(ModelSource source,
                                                       const v1::JobSpec& spec) {
  const bool wants_base =
      spec.ppo().kl_reference() == v1::KL_REFERENCE_BASE && !source.adapters.empty();
  if (TrainsAdapter(spec) && !wants_base) return nullptr;
  if (wants_base) source.adapters.clear();
  return LoadT5(source, spec);
}

absl::StatusOr<std::unique_ptr<PpoLearner>> MakeLearner(const ModelSource& source,
                                                        const v1::JobSpec& spec) {
  ASSIGN_OR_RETURN(auto model, LoadT5(source, spec));
  ASSIGN_OR_RETURN(auto reference, LoadReference(source, spec));
  return PpoLearner::Create(std::move(model), std::move(reference), spec);
}

// Learns with rank 0, which has the rollouts; until rank 0 ends the job.
absl::Status FollowPpoJob(JobContext& context, const JobEnvironment& environment) {
  const v1::JobSpec spec = context.spec();
  ASSIGN_OR_RETURN(const ModelSource source,
                   ResolveSource(spec, environment.folders, environment.find_job));
  ASSIGN_OR_RETURN(const auto learner, MakeLearner(source, spec));
  learner->set_ranks(RanksOf(context));
  return FollowSteps(context, *learner);
}

}  // namespace

absl::Status FollowSteps(JobContext& context, PpoLearner& learner) {
  return CatchExceptions("ppo", [&]() -> absl::Status {
    RETURN_IF_ERROR(learner.StartFromRankZero());
    while (true) {
      RETURN_IF_ERROR(context.BeginStep());
      RETURN_IF_ERROR(learner.Follow());
    }
  });
}

absl::Status RunPpoJob(JobContext& context, const JobEnvironment& environment) {
  if (!Leads(RanksOf(context))) return FollowPpoJob(context, environment);
  if (environment.publisher == nullptr || environment.reward == nullptr) {
    return absl::FailedPreconditionError(
        "a ppo job needs the trainer to be started with --policy and --reward");
  }
  const v1::JobSpec spec = context.spec();
  ASSIGN_OR_RETURN(const ModelSource source,
                   ResolveSource(spec, environment.folders, environment.find_job));
  ASSIGN_OR_RETURN(auto prompts, LoadPrompts(source, environment, spec));
  ASSIGN_OR_RETURN(const auto learner, MakeLearner(source, spec));
  learner->set_ranks(RanksOf(context));
  PpoRun run(context, *environment.publisher, *environment.reward, *learner, std::move(prompts));
  RETURN_IF_ERROR(run.Run());
  RETURN_IF_ERROR(learner->adapter() != nullptr
                      ? SaveAdapterResult(context.result_folder(), *learner->adapter(), spec)
                      : SaveModelResult(context.result_folder(), learner->model(), source));
  return PublishResult(context, environment, learner->model(), learner->adapter());
}

}  // namespace tact

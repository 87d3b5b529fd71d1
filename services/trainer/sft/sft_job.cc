#include "services/trainer/sft/sft_job.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "common/base/status.h"
#include "common/model/lora.h"
#include "common/text/tokenizer.h"
#include "services/trainer/ranks/rank_group.h"
#include "services/trainer/sft/sft_task.h"
#include "services/trainer/supervised/loop.h"
#include "services/trainer/weights/lora_settings.h"
#include "services/trainer/weights/publish_result.h"
#include "services/trainer/weights/results.h"

namespace tact {
namespace {

absl::StatusOr<std::vector<SftExample>> ReadExamples(const JobEnvironment& environment,
                                                     const std::string& dataset_id,
                                                     const Tokenizer& tokenizer,
                                                     const v1::JobSpec& spec) {
  if (dataset_id.empty()) return std::vector<SftExample>();
  ASSIGN_OR_RETURN(const StoredDataset dataset, environment.datasets->Find(dataset_id));
  return ReadSftExamples(dataset, tokenizer, spec);
}

absl::StatusOr<SftTask> MakeTask(T5Model& model, const ModelSource& source,
                                 const JobEnvironment& environment, const v1::JobSpec& spec) {
  ASSIGN_OR_RETURN(const auto tokenizer, LoadTokenizer(source.folder));
  ASSIGN_OR_RETURN(auto train, ReadExamples(environment, spec.dataset_id(), *tokenizer, spec));
  ASSIGN_OR_RETURN(auto held_out,
                   ReadExamples(environment, spec.validation_dataset_id(), *tokenizer, spec));
  return SftTask(model, spec.supervised(), std::move(train), std::move(held_out));
}

absl::StatusOr<std::unique_ptr<LoraAdapter>> PrepareTraining(T5Model& model,
                                                             const v1::JobSpec& spec) {
  if (spec.kind() == v1::JOB_KIND_LORA) {
    return LoraAdapter::Attach(model, ToLoraConfig(spec), MixKey(spec.seed(), kAdapterStream));
  }
  model.SetRequiresGrad(true);
  return nullptr;
}

}  // namespace

absl::Status RunSftJob(JobContext& context, const JobEnvironment& environment) {
  const v1::JobSpec spec = context.spec();
  ASSIGN_OR_RETURN(const ModelSource source,
                   ResolveSource(spec, environment.folders, environment.find_job));
  ASSIGN_OR_RETURN(const auto model, LoadT5(source, spec));
  ASSIGN_OR_RETURN(const auto adapter, PrepareTraining(*model, spec));
  ASSIGN_OR_RETURN(SftTask task, MakeTask(*model, source, environment, spec));
  RETURN_IF_ERROR(TrainSupervised(task, context));
  if (!Leads(RanksOf(context))) return absl::OkStatus();
  RETURN_IF_ERROR(adapter != nullptr ? SaveAdapterResult(context.result_folder(), *adapter, spec)
                                     : SaveModelResult(context.result_folder(), *model, source));
  return PublishResult(context, environment, *model, adapter.get());
}

}  // namespace tact

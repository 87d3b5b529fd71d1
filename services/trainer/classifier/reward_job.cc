#include "services/trainer/classifier/reward_job.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/text/tokenizer.h"
#include "services/trainer/classifier/classifier_task.h"
#include "services/trainer/ranks/rank_group.h"
#include "services/trainer/supervised/loop.h"
#include "services/trainer/weights/results.h"

namespace tact {
namespace {

absl::StatusOr<std::vector<ClassifierExample>> ReadExamples(const JobEnvironment& environment,
                                                            const std::string& dataset_id,
                                                            const Tokenizer& tokenizer,
                                                            const RobertaConfig& config,
                                                            const v1::JobSpec& spec) {
  if (dataset_id.empty()) return std::vector<ClassifierExample>();
  ASSIGN_OR_RETURN(const StoredDataset dataset, environment.datasets->Find(dataset_id));
  return ReadClassifierExamples(dataset, tokenizer, config, spec);
}

absl::StatusOr<ClassifierTask> MakeTask(RobertaModel& model, const ModelSource& source,
                                        const JobEnvironment& environment,
                                        const v1::JobSpec& spec) {
  ASSIGN_OR_RETURN(const auto tokenizer, LoadTokenizer(source.folder));
  const auto read = [&](const std::string& id) {
    return ReadExamples(environment, id, *tokenizer, model.config(), spec);
  };
  ASSIGN_OR_RETURN(auto train, read(spec.dataset_id()));
  ASSIGN_OR_RETURN(auto held_out, read(spec.validation_dataset_id()));
  return ClassifierTask(model, spec.supervised(), std::move(train), std::move(held_out));
}

}  // namespace

absl::Status RunRewardJob(JobContext& context, const JobEnvironment& environment) {
  const v1::JobSpec spec = context.spec();
  ASSIGN_OR_RETURN(const ModelSource source,
                   ResolveSource(spec, environment.folders, environment.find_job));
  ASSIGN_OR_RETURN(const auto model, LoadRoberta(source, spec));
  model->SetRequiresGrad(true);
  ASSIGN_OR_RETURN(ClassifierTask task, MakeTask(*model, source, environment, spec));
  RETURN_IF_ERROR(TrainSupervised(task, context));
  if (!Leads(RanksOf(context))) return absl::OkStatus();
  return SaveModelResult(context.result_folder(), *model, source);
}

}  // namespace tact

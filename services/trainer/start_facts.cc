#include "services/trainer/start_facts.h"

#include "common/base/status.h"
#include "common/model/config.h"
#include "services/trainer/weights/publisher.h"

namespace tact {
namespace {

absl::StatusOr<StartKind> FindStart(const v1::JobSpec& spec, const JobEnvironment& environment) {
  ASSIGN_OR_RETURN(const ModelSource source,
                   ResolveSource(spec, environment.folders, environment.find_job));
  ASSIGN_OR_RETURN(const ModelType type, DetectModelType(source.folder));
  return type == ModelType::kT5 ? StartKind::kPolicy : StartKind::kClassifier;
}

absl::StatusOr<DatasetFacts> FindDataset(std::string_view id, const JobEnvironment& environment) {
  ASSIGN_OR_RETURN(const StoredDataset dataset, environment.datasets->Find(id));
  return DatasetFacts{dataset.kind, dataset.examples, dataset.has_references};
}

}  // namespace

SpecEnvironment MakeSpecEnvironment(const JobEnvironment& environment) {
  SpecEnvironment out;
  out.find_start = [&](const v1::JobSpec& spec) { return FindStart(spec, environment); };
  out.find_dataset = [&](std::string_view id) { return FindDataset(id, environment); };
  out.has_policy = environment.publisher != nullptr;
  out.has_reward = environment.reward != nullptr;
  if (out.has_policy) {
    out.policy_replicas = static_cast<uint32_t>(environment.publisher->replicas().size());
  }
  return out;
}

}  // namespace tact

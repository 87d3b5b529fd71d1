// Checks a job's spec and fills in its defaults. Pure: what it must know of models, data sets and
// other jobs comes in as values.
#ifndef TACT_SERVICES_TRAINER_JOBS_SPEC_H_
#define TACT_SERVICES_TRAINER_JOBS_SPEC_H_

#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

enum class StartKind { kPolicy, kClassifier };  // T5 family, RoBERTa

struct DatasetFacts {
  v1::DatasetKind kind = v1::DATASET_KIND_UNSPECIFIED;
  uint32_t examples = 0;
  bool has_references = true;
};

struct SpecEnvironment {
  // What the start of this spec is; the error names base_model or base_job.
  std::function<absl::StatusOr<StartKind>(const v1::JobSpec&)> find_start;
  // NOT_FOUND for an unknown id.
  std::function<absl::StatusOr<DatasetFacts>(std::string_view id)> find_dataset;
  bool has_policy = false;  // is the trainer told of policy and reward replicas?
  bool has_reward = false;
  uint32_t policy_replicas = 0;  // how many; 0 is unknown
};

// The spec with every default filled in; publish_as may stay empty (then the job's id is the name).
// Every error is about one field and names the value and the cure.
absl::StatusOr<v1::JobSpec> ResolveSpec(const v1::JobSpec& spec,
                                        const SpecEnvironment& environment);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_JOBS_SPEC_H_

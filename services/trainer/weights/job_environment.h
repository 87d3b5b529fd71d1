// What recipes need beside their job: folders, data sets, other jobs, and who serves the results.
#ifndef TACT_SERVICES_TRAINER_WEIGHTS_JOB_ENVIRONMENT_H_
#define TACT_SERVICES_TRAINER_WEIGHTS_JOB_ENVIRONMENT_H_

#include "services/trainer/datasets/dataset_store.h"
#include "services/trainer/weights/model_source.h"

namespace tact {

class Publisher;
class RewardClients;

struct JobEnvironment {
  TrainerFolders folders;
  const DatasetStore* datasets = nullptr;
  JobLookup find_job;
  Publisher* publisher = nullptr;   // null: no policy replicas are known
  RewardClients* reward = nullptr;  // null: no reward replicas are known
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_WEIGHTS_JOB_ENVIRONMENT_H_

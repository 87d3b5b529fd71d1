// The supervised recipe: batches, gradients, AdamW, validation, checkpoints.
#ifndef TACT_SERVICES_TRAINER_SUPERVISED_LOOP_H_
#define TACT_SERVICES_TRAINER_SUPERVISED_LOOP_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/supervised/batch_plan.h"
#include "services/trainer/supervised/task.h"

namespace tact {

// For those who watch or replay a run; what is not set is the recipe's own.
struct SupervisedHooks {
  // The batches of an epoch, in their order.
  std::function<std::vector<Batch>(uint64_t epoch)> plan;
  // The mean loss of each micro-batch, as it is computed.
  std::function<void(double loss)> on_micro_batch;
};

// Trains `task` by the job's spec from its newest checkpoint to its last step; the model then holds
// the result. Returns the context's status where the job is to stop; a stopped trainer leaves a
// checkpoint of the last finished step. Deterministic: what a step sees depends on the seed and the
// step's number alone, so a resumed run equals one that ran through.
absl::Status TrainSupervised(SupervisedTask& task, JobContext& context,
                             const SupervisedHooks& hooks = {});

// Optimiser steps of a supervised job with so many examples.
uint32_t SupervisedSteps(const v1::SupervisedSettings& settings, uint64_t examples);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_SUPERVISED_LOOP_H_

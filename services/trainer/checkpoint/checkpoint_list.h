// The checkpoints of a job, for people.
#ifndef TACT_SERVICES_TRAINER_CHECKPOINT_CHECKPOINT_LIST_H_
#define TACT_SERVICES_TRAINER_CHECKPOINT_CHECKPOINT_LIST_H_

#include <filesystem>
#include <vector>

#include "tact/v1/trainer.pb.h"

namespace tact {

// Newest first. Reads every file once, for its SHA-256.
std::vector<v1::Checkpoint> DescribeCheckpoints(const std::filesystem::path& folder);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CHECKPOINT_CHECKPOINT_LIST_H_

// When a question to several replicas is answered: enough have said yes, or too many have failed.
// Pure.
#ifndef TACT_SERVICES_TRAINER_WEIGHTS_QUORUM_H_
#define TACT_SERVICES_TRAINER_WEIGHTS_QUORUM_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

// How many of `replicas` must have a push: all of them, or with QUORUM min_replicas (0 is more than
// half). Never more than there are, so that a job outlives a trainer with fewer replicas.
size_t NeededReplicas(const v1::PublishSettings& settings, size_t replicas);

// OK once `needed` answers are; an error once so many have failed that `needed` cannot be reached:
// one that passes by itself (IsTransient) where waiting can help, else one that does not. Nothing
// while it is open. An answer that is not there yet is nullopt.
std::optional<absl::Status> DecideQuorum(const std::vector<std::optional<absl::Status>>& answers,
                                         size_t needed);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_WEIGHTS_QUORUM_H_

// What ranks exchange within a training step, and at its start.
#ifndef TACT_SERVICES_TRAINER_RANKS_GRADIENT_EXCHANGE_H_
#define TACT_SERVICES_TRAINER_RANKS_GRADIENT_EXCHANGE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/parameter_map.h"
#include "services/trainer/optim/adamw.h"
#include "services/trainer/ranks/rank_group.h"

namespace tact {

// Adds up the gradients of all ranks, and `numbers` (losses and their like, as f32). A parameter
// that no rank has a gradient of stays without one, which AdamW leaves as it is.
absl::Status SumGradients(const std::vector<NamedTensor>& parameters,
                          std::span<double* const> numbers, RankGroup& ranks);

// Everything that training goes on from becomes rank 0's: weights, moments, the optimiser's steps.
absl::Status ShareOptimizer(AdamW& optimizer, RankGroup& ranks);

// FAILED_PRECONDITION on a rank whose `fingerprint` of `what` is not rank 0's: it has read another
// file than rank 0.
absl::Status CheckSameOnAllRanks(std::string_view what, const std::string& fingerprint,
                                 RankGroup& ranks);

// Rank 0's.
absl::StatusOr<uint32_t> BroadcastNumber(uint32_t number, RankGroup& ranks);

// What a rank keys its dropout with: rank 0's is that of one process, the others have their own.
uint64_t RankKey(uint64_t key, const RankGroup& ranks);

// Of all weights: their number and their sum.
std::string FingerprintOf(const ParameterMap& weights);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_GRADIENT_EXCHANGE_H_

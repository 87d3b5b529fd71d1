// Which examples one optimiser step sees: batches of similar length in a seeded order. A pure
// function of (lengths, settings, seed, epoch), so the position in the data is the step's number.
#ifndef TACT_SERVICES_TRAINER_SUPERVISED_BATCH_PLAN_H_
#define TACT_SERVICES_TRAINER_SUPERVISED_BATCH_PLAN_H_

#include <cstdint>
#include <span>
#include <vector>

namespace tact {

using Batch = std::vector<uint32_t>;  // positions of examples

// Every example once. The order is shuffled, cut into pools of 50 batches, each pool sorted by
// length and cut into batches (transformers' group_by_length), then the batches are shuffled; the
// one batch that may be smaller is the last one.
std::vector<Batch> PlanEpoch(std::span<const uint32_t> lengths, uint32_t batch_size, uint64_t seed,
                             uint64_t epoch);

// Batches of one epoch.
uint64_t BatchesPerEpoch(uint64_t examples, uint32_t batch_size);

// A permutation of 0 ... n - 1.
std::vector<uint32_t> Permutation(uint32_t n, uint64_t key);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_SUPERVISED_BATCH_PLAN_H_

// A PPO step as rank 0 gives it to the other ranks: the scored rollouts and what belongs to them.
#ifndef TACT_SERVICES_TRAINER_PPO_LEARN_STEP_H_
#define TACT_SERVICES_TRAINER_PPO_LEARN_STEP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/trainer/weights/sequence_logprobs.h"

namespace tact {

struct LearnStep {
  std::vector<TokenSequence> rollouts;
  std::vector<double> scores;
  double kl_coef = 0;
  uint32_t step = 0;  // finished ones
};

// As CBOR; every number comes back with the same bits.
std::string PackStep(const LearnStep& step);
// INTERNAL where the bytes are none.
absl::StatusOr<LearnStep> UnpackStep(const std::string& bytes);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_LEARN_STEP_H_

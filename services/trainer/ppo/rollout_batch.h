// The rollouts of one step with their scores: made once, scored once, consumed once.
#ifndef TACT_SERVICES_TRAINER_PPO_ROLLOUT_BATCH_H_
#define TACT_SERVICES_TRAINER_PPO_ROLLOUT_BATCH_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "services/trainer/ppo/ppo_metrics.h"
#include "services/trainer/ppo/prompts.h"
#include "tact/v1/policy.pb.h"

namespace tact {

// What a batch is to be made of.
struct BatchOrder {
  uint32_t step = 0;     // that will learn from it
  uint64_t version = 0;  // of the weights that make it, or later ones
  std::vector<const PpoPrompt*> prompts;
  bool greedy = false;  // for validation
};

struct MadeBatch {
  uint32_t step = 0;
  std::vector<v1::Rollout> rollouts;          // in the order of the prompts, which their ids name
  std::vector<std::optional<double>> scores;  // one for each; nothing where none could be had
  std::vector<uint32_t> made_at;              // steps that their policy had done, one for each
  uint32_t retried_scores = 0;
  double rollout_seconds = 0, score_seconds = 0;
};

// The rollouts that have a score, with their prompts.
ScoredBatch ScoredPart(const MadeBatch& batch, const std::vector<const PpoPrompt*>& prompts);

// Without what a clock has measured. DATA_LOSS where the text is none.
nlohmann::json ToJson(const MadeBatch& batch);
absl::StatusOr<MadeBatch> MadeBatchFromJson(const nlohmann::json& json);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_ROLLOUT_BATCH_H_

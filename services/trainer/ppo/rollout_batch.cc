#include "services/trainer/ppo/rollout_batch.h"

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/escaping.h"

namespace tact {

using nlohmann::json;

ScoredBatch ScoredPart(const MadeBatch& batch, const std::vector<const PpoPrompt*>& prompts) {
  ScoredBatch out;
  for (size_t i = 0; i < batch.rollouts.size(); ++i) {
    if (!batch.scores[i]) continue;
    const v1::Rollout& rollout = batch.rollouts[i];
    out.rollouts.push_back({prompts[rollout.prompt_id()]->ids,
                            {rollout.token_ids().begin(), rollout.token_ids().end()},
                            {rollout.logprobs().begin(), rollout.logprobs().end()}});
    out.scores.push_back(*batch.scores[i]);
  }
  return out;
}

json ToJson(const MadeBatch& batch) {
  json rollouts = json::array(), scores = json::array();
  for (const v1::Rollout& rollout : batch.rollouts) {
    rollouts.push_back(absl::Base64Escape(rollout.SerializeAsString()));
  }
  for (const auto& score : batch.scores) scores.push_back(score ? json(*score) : json());
  return {{"step", batch.step},
          {"rollouts", rollouts},
          {"scores", scores},
          {"made_at", batch.made_at},
          {"retried_scores", batch.retried_scores}};
}

absl::StatusOr<MadeBatch> MadeBatchFromJson(const json& text) {
  const auto damaged = [] {
    return absl::DataLossError("the checkpoint holds rollouts that cannot be read");
  };
  MadeBatch out;
  out.step = text.value("step", 0u);
  out.retried_scores = text.value("retried_scores", 0u);
  out.made_at = text.value("made_at", std::vector<uint32_t>());
  for (const json& bytes : text.value("rollouts", json::array())) {
    std::string serialized;
    if (!bytes.is_string() || !absl::Base64Unescape(bytes.get<std::string>(), &serialized) ||
        !out.rollouts.emplace_back().ParseFromString(serialized)) {
      return damaged();
    }
  }
  for (const json& score : text.value("scores", json::array())) {
    out.scores.push_back(score.is_number() ? std::optional<double>(score.get<double>())
                                           : std::nullopt);
  }
  const size_t size = out.rollouts.size();
  if (size == 0 || out.scores.size() != size || out.made_at.size() != size) return damaged();
  return out;
}

}  // namespace tact

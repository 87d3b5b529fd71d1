#include "services/trainer/ppo/samples.h"

#include <algorithm>

#include "common/base/status.h"

namespace tact {
namespace {

constexpr size_t kMostPromptBytes = 2000;

bool IsOf(const TokenSequence& scored, const v1::Rollout& rollout) {
  return std::equal(scored.response.begin(), scored.response.end(), rollout.token_ids().begin(),
                    rollout.token_ids().end());
}

}  // namespace

std::vector<RolloutSample> MakeSamples(const std::vector<v1::Rollout>& rollouts,
                                       const ScoredBatch& batch,
                                       const std::function<const PpoPrompt&(uint64_t)>& prompt_of) {
  std::vector<RolloutSample> out;
  size_t scored = 0;
  for (const v1::Rollout& rollout : rollouts) {
    RolloutSample& sample = out.emplace_back();
    sample.prompt = Shorten(prompt_of(rollout.prompt_id()).text, kMostPromptBytes);
    sample.response = rollout.text();
    if (scored < batch.rollouts.size() && IsOf(batch.rollouts[scored], rollout)) {
      sample.score = batch.scores[scored++];
    }
  }
  return out;
}

}  // namespace tact

// The prompts of a PPO job, and the order in which steps take them.
#ifndef TACT_SERVICES_TRAINER_PPO_PROMPTS_H_
#define TACT_SERVICES_TRAINER_PPO_PROMPTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/tokenizer.h"
#include "services/trainer/datasets/dataset_store.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

struct PpoPrompt {
  std::vector<int32_t> ids;  // end token included
  std::string text;
};

// Prompts of the dialogues whose length in characters is within the job's limits. A prompt above
// max_prompt_tokens is cut where spec.truncate is set, else INVALID_ARGUMENT names it; so is a job
// for which no dialogue is left.
absl::StatusOr<std::vector<PpoPrompt>> ReadPrompts(const StoredDataset& dataset,
                                                   const Tokenizer& tokenizer,
                                                   const v1::JobSpec& spec);

// Draws prompts without replacement, epoch after epoch, each in its own order. Position i of the
// whole job is a pure function of (count, key, i).
class PromptOrder {
 public:
  PromptOrder(uint32_t count, uint64_t key) : count_(count), key_(key) {}
  uint32_t At(uint64_t position);

 private:
  uint32_t count_;
  uint64_t key_;
  uint64_t epoch_ = 0;
  std::vector<uint32_t> order_;  // of epoch_
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_PROMPTS_H_

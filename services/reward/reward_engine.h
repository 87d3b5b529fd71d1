// What the reward service runs on: a folder's classifier and tokenizer behind one batcher.
#ifndef TACT_SERVICES_REWARD_REWARD_ENGINE_H_
#define TACT_SERVICES_REWARD_REWARD_ENGINE_H_

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/text/tokenizer.h"
#include "services/reward/batcher.h"
#include "services/reward/classifier.h"

namespace tact {

struct RewardOptions {
  std::string model;  // Hugging Face folder
  int threads = 0;    // of the engine; 0 takes the CPUs this process may use
  WeightType weight_type = WeightType::kF32;
  BatcherOptions batching;
  StallLimits stall;
};

class RewardEngine {
 public:
  // Loads, checks that tokenizer and model fit together, and scores one text to warm up.
  static absl::StatusOr<std::unique_ptr<RewardEngine>> Start(const RewardOptions& options);

  const RobertaConfig& config() const { return classifier_->config(); }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  Batcher& batcher() { return *batcher_; }

 private:
  RewardEngine(std::unique_ptr<const Classifier> classifier,
               std::unique_ptr<const Tokenizer> tokenizer, const RewardOptions& options);

  std::unique_ptr<const Classifier> classifier_;
  std::unique_ptr<const Tokenizer> tokenizer_;
  Classifier::Workspace workspace_;  // of the batcher's thread
  std::unique_ptr<Batcher> batcher_;
};

}  // namespace tact

#endif  // TACT_SERVICES_REWARD_REWARD_ENGINE_H_

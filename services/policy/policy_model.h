// A model folder as the service needs it: configuration, tokenizer and packed weights.
#ifndef TACT_SERVICES_POLICY_POLICY_MODEL_H_
#define TACT_SERVICES_POLICY_POLICY_MODEL_H_

#include <filesystem>
#include <memory>

#include "absl/status/statusor.h"
#include "common/model/config.h"
#include "common/text/tokenizer.h"
#include "services/policy/engine/snapshot.h"

namespace tact {

struct PolicyModel {
  std::filesystem::path folder;
  T5Config config = {};
  std::unique_ptr<const Tokenizer> tokenizer = nullptr;
  std::shared_ptr<const Snapshot> snapshot = nullptr;
};

// A missing or corrupt file is an error that names it. Linears are held as `weight_type`.
absl::StatusOr<PolicyModel> LoadPolicyModel(const std::filesystem::path& folder,
                                            const SequenceLimits& limits,
                                            WeightType weight_type = WeightType::kF32);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_POLICY_MODEL_H_

// Every setting of tact-policy: made from flags, validated once, printed at start.
#ifndef TACT_SERVICES_POLICY_POLICY_OPTIONS_H_
#define TACT_SERVICES_POLICY_POLICY_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/stall_watch.h"
#include "common/rpc/server.h"
#include "services/policy/engine/engine.h"

namespace CLI {
class App;
}

namespace tact {

struct PolicyOptions {
  std::string model;  // Hugging Face folder of a T5
  WeightType weight_type = WeightType::kF32;
  EngineOptions engine;
  size_t max_models = 16;  // base included
  uint64_t max_push_mb = 2048;
  std::vector<std::string> adapters;  // "NAME=FOLDER", served from the start
  std::string adapter_dir;            // where LoadAdapter may read; empty: nowhere
  StallLimits stall;
  ServerOptions server;
};

void AddPolicyFlags(CLI::App& app, PolicyOptions& options);

// INVALID_ARGUMENT names the flag.
absl::Status ValidatePolicyOptions(const PolicyOptions& options);

// One line, "model=... threads=...".
std::string DescribePolicyOptions(const PolicyOptions& options);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_POLICY_OPTIONS_H_

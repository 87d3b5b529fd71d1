// A first request through the whole engine before health says ready: pages of weights and caches
// are touched, kernels are chosen, and an engine that cannot decode does not start to serve.
#ifndef TACT_SERVICES_POLICY_WARM_UP_H_
#define TACT_SERVICES_POLICY_WARM_UP_H_

#include "absl/status/status.h"
#include "services/policy/engine/engine.h"

namespace tact {

// Generates a few tokens greedily; the error of the engine if it cannot.
absl::Status WarmUp(Engine& engine, const ServedWeights& weights);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_WARM_UP_H_

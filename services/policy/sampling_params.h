// SamplingParams as the engine's options, checked against the limits that the proto states. Errors
// name the field, what was found and how to mend it.
#ifndef TACT_SERVICES_POLICY_SAMPLING_PARAMS_H_
#define TACT_SERVICES_POLICY_SAMPLING_PARAMS_H_

#include "absl/status/statusor.h"
#include "services/policy/engine/sampling.h"
#include "services/policy/validation.h"
#include "tact/v1/common.pb.h"

namespace tact {

inline constexpr int64_t kMaxSamples = 64;
inline constexpr int64_t kMaxBadWords = 256;
inline constexpr int64_t kMaxStopStrings = 16;
inline constexpr int64_t kMaxTopLogprobs = 20;

// What the caller is: the defaults and what is allowed differ.
enum class SamplingUse {
  kGenerate,
  kRollout,  // draws by default; no beams, stop strings or alternatives
};

// Unset fields take the proto's defaults.
absl::StatusOr<SamplingOptions> ReadSampling(const v1::SamplingParams& params,
                                             const RequestLimits& limits, SamplingUse use);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_SAMPLING_PARAMS_H_

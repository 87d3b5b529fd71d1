// What sampling leaves of a row of scores, in the order of transformers 4.27.2's
// _get_logits_warper: temperature, top_k, top_p (Holtzman et al. 2020), typical_p (Meister et al.
// 2022). Scores that go become minus infinity.
#ifndef TACT_SERVICES_POLICY_ENGINE_LOGITS_WARPERS_H_
#define TACT_SERVICES_POLICY_ENGINE_LOGITS_WARPERS_H_

#include <cstdint>
#include <span>
#include <vector>

namespace tact {

// The defaults change nothing.
struct WarperOptions {
  float temperature = 1.0f;  // above 0
  int64_t top_k = 0;         // 0 keeps all
  double top_p = 1.0;        // (0, 1]
  float typical_p = 1.0f;    // (0, 1]
};

// Buffers that only grow; one for each thread.
struct WarperScratch {
  std::vector<float> values;
  std::vector<float> probabilities;
  std::vector<int32_t> order;
};

void WarpLogits(const WarperOptions& options, std::span<float> scores, WarperScratch& scratch);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_LOGITS_WARPERS_H_

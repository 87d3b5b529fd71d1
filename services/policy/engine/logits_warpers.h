// What sampling leaves of a row of scores, in the order of transformers 4.27.2's
// _get_logits_warper: temperature, top_k, top_p (Holtzman et al. 2020), typical_p (Meister et al.
// 2022).
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

  // All but the temperature does nothing.
  bool keep_all() const { return top_k == 0 && top_p >= 1.0 && typical_p >= 1.0f; }
  bool change_nothing() const { return keep_all() && temperature == 1.0f; }
};

void ApplyTemperature(float temperature, std::span<float> scores);

// Buffers that only grow; one for each thread.
struct WarperScratch {
  void Reserve(int64_t vocab);

  std::vector<float> scores, probabilities, values;
  std::vector<int32_t> ids, order;
};

// What is left: the scores of some ids, which ascend. In the scratch, until it is used again.
struct KeptScores {
  std::span<const int32_t> ids;
  std::span<const float> scores;
};

// Applies the temperature to `scores` [vocab]; says what the other options leave of them.
KeptScores WarpLogits(const WarperOptions& options, std::span<float> scores,
                      WarperScratch& scratch);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_LOGITS_WARPERS_H_

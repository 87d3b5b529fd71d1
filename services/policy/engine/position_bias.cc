#include "services/policy/engine/position_bias.h"

#include <algorithm>
#include <cmath>

namespace tact {

int64_t RelativeBucket(int64_t relative, const BucketRule& rule) {
  const int64_t buckets = rule.bidirectional ? rule.buckets / 2 : rule.buckets;
  const int64_t first = rule.bidirectional && relative > 0 ? buckets : 0;
  const int64_t distance =
      rule.bidirectional ? std::abs(relative) : std::max<int64_t>(0, -relative);
  const int64_t exact = buckets / 2;
  if (distance < exact) return first + distance;
  // In f32 as the reference computes it: bucket borders must fall on the same distance.
  const float span = static_cast<float>(
      std::log(static_cast<double>(rule.max_distance) / static_cast<double>(exact)));
  const float log_distance = std::log(static_cast<float>(distance) / static_cast<float>(exact));
  const float offset = log_distance / span * static_cast<float>(buckets - exact);
  return first + std::min(exact + static_cast<int64_t>(offset), buckets - 1);
}

PositionBias::PositionBias(std::span<const float> table, int64_t heads, const BucketRule& rule,
                           int64_t max_length)
    : max_length_(max_length), lines_(static_cast<size_t>(heads * (2 * max_length - 1))) {
  for (int64_t relative = 1 - max_length; relative < max_length; ++relative) {
    const float* biases = table.data() + RelativeBucket(relative, rule) * heads;
    for (int64_t head = 0; head < heads; ++head) {
      lines_[head * (2 * max_length - 1) + relative + max_length - 1] = biases[head];
    }
  }
}

}  // namespace tact

// T5's relative position bias (Raffel et al. 2020; transformers' T5Attention). It depends only on
// the distance between key and query, so a line of distances for each head serves every length.
#ifndef TACT_SERVICES_POLICY_ENGINE_POSITION_BIAS_H_
#define TACT_SERVICES_POLICY_ENGINE_POSITION_BIAS_H_

#include <cstdint>
#include <span>
#include <vector>

namespace tact {

struct BucketRule {
  int64_t buckets = 32;
  int64_t max_distance = 128;
  bool bidirectional = true;  // encoder; false: the decoder, which looks back only
};

// The bucket of `relative` = key position - query position.
int64_t RelativeBucket(int64_t relative, const BucketRule& rule);

class PositionBias {
 public:
  // table [buckets, heads] as in the checkpoint; positions below `max_length` can be asked for.
  PositionBias(std::span<const float> table, int64_t heads, const BucketRule& rule,
               int64_t max_length);

  // Biases of one head for a query: element j belongs to key j. The row of the next query begins
  // one float earlier (stride -1).
  const float* Row(int64_t head, int64_t query) const {
    return lines_.data() + head * (2 * max_length_ - 1) + (max_length_ - 1 - query);
  }

 private:
  int64_t max_length_;
  std::vector<float> lines_;  // [heads, 2 * max_length - 1], by relative position
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_POSITION_BIAS_H_

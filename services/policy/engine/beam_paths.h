// Where the keys and values of each beam's text lie. A beam writes each position into its own slot
// and never again; a beam that goes on from another reads that one's positions where they are. So
// beams share what they have in common, and nothing is copied but this table.
#ifndef TACT_SERVICES_POLICY_ENGINE_BEAM_PATHS_H_
#define TACT_SERVICES_POLICY_ENGINE_BEAM_PATHS_H_

#include <cstdint>
#include <span>
#include <vector>

namespace tact {

class BeamPaths {
 public:
  BeamPaths(int64_t beams, int64_t positions);

  // [positions], by KvSlots::Offset.
  const int64_t* Of(int64_t beam) const { return now_.data() + beam * positions_; }
  // Where beam `beam` writes this position.
  void Set(int64_t beam, int64_t position, int64_t offset) {
    now_[beam * positions_ + position] = offset;
  }
  // New beam i goes on from the first `length` positions of parents[i].
  void Move(std::span<const int32_t> parents, int64_t length);

 private:
  int64_t positions_;
  std::vector<int64_t> now_, next_;  // [beams, positions]
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_ENGINE_BEAM_PATHS_H_

#include "services/policy/engine/beam_paths.h"

#include <gtest/gtest.h>

#include "services/policy/engine/kv_slots.h"

namespace tact {
namespace {

std::vector<int64_t> Path(const BeamPaths& paths, int64_t beam, int64_t length) {
  return {paths.Of(beam), paths.Of(beam) + length};
}

// Three beams write 10 * position + beam, then go on from others.
TEST(BeamPathsTest, ABeamReadsWhatItsAncestorsWrote) {
  BeamPaths paths(3, 4);
  const std::vector<int32_t> parents[] = {{0, 0, 0}, {2, 2, 1}, {1, 0, 0}};
  for (int64_t position = 0; position < 3; ++position) {
    for (int64_t beam = 0; beam < 3; ++beam) paths.Set(beam, position, 10 * position + beam);
    paths.Move(parents[position], position + 1);
  }
  EXPECT_EQ(Path(paths, 0, 3), (std::vector<int64_t>{0, 12, 21}));
  EXPECT_EQ(Path(paths, 1, 3), (std::vector<int64_t>{0, 12, 20}));
  EXPECT_EQ(Path(paths, 2, 3), (std::vector<int64_t>{0, 12, 20}));
}

TEST(KvSlotsTest, APathThroughOneSlotReadsWhatTheSlotHolds) {
  KvSlots slots(3, {2, 5, 3, 4});
  const int64_t offsets[] = {slots.Offset(2, 0), slots.Offset(1, 1), slots.Offset(2, 2)};
  for (int64_t layer = 0; layer < 2; ++layer) {
    for (int64_t head = 0; head < 3; ++head) {
      const KeyValues path = slots.At(offsets, layer, head, 3);
      const KeyValues slot = slots.In(2, layer, head, 3);
      EXPECT_EQ(path.k + path.offsets[2], slot.k + 2 * slot.stride);
      EXPECT_EQ(path.v + path.offsets[0], slot.v);
      EXPECT_EQ(path.k + path.offsets[1], slots.Key(1, layer, head, 1));
      EXPECT_EQ(path.v + path.offsets[1], slots.Key(1, layer, head, 1) + slots.value_offset());
    }
  }
}

TEST(KvSlotsTest, CrossCachesKeepEachHeadTogether) {
  const CrossCache cross(2, 3, 2, 4);  // layers, tokens, heads, d
  std::vector<float> kv;               // [3, k | v, 2, 4]
  for (int i = 0; i < 3 * 16; ++i) kv.push_back(static_cast<float>(i));
  cross.Fill(1, kv.data());
  const KeyValues head = cross.Head(1, 1);
  for (int64_t token = 0; token < 3; ++token) {
    for (int64_t c = 0; c < 4; ++c) {
      EXPECT_EQ(head.k[token * head.stride + c], token * 16 + 4 + c);
      EXPECT_EQ(head.v[token * head.stride + c], token * 16 + 8 + 4 + c);
    }
  }
}

}  // namespace
}  // namespace tact

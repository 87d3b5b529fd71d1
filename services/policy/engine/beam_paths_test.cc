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

// With a query of zeros attention is the mean of the values.
TEST(KvSlotsTest, ACrossCacheAttendsToItsOwnLayerAndHead) {
  for (const bool half : {false, true}) {
    const CrossCache cross(2, 3, 2, 16, half);  // layers, tokens, heads, d
    std::vector<float> kv(3 * 64);              // [3, k | v, 2, 16]
    for (int i = 0; i < 3 * 64; ++i) kv[i] = static_cast<float>(i);
    cross.Fill(0, std::vector<float>(3 * 64, -1.0f).data());
    cross.Fill(1, kv.data());
    const std::vector<float> q(16, 0.0f);
    std::vector<float> out(16), scores(3);
    cross.Attend(1, 1, q.data(), scores.data(), out.data());
    for (int c = 0; c < 16; ++c) EXPECT_NEAR(out[c], 64 + 32 + 16 + c, 1e-4) << half;
    cross.Attend(0, 1, q.data(), scores.data(), out.data());
    for (const float value : out) EXPECT_NEAR(value, -1, 1e-6);
    // A query that points along the keys finds the last token's.
    const std::vector<float> along(16, 1.0f);
    cross.Attend(1, 0, along.data(), scores.data(), out.data());
    for (int c = 0; c < 16; ++c) EXPECT_NEAR(out[c], 128 + 32 + c, 1e-4) << half;
  }
}

}  // namespace
}  // namespace tact

#include "services/trainer/supervised/batch_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tact {
namespace {

std::vector<uint32_t> Lengths(uint32_t n) {
  std::vector<uint32_t> lengths;
  for (uint32_t i = 0; i < n; ++i) lengths.push_back((i * 37) % 101);
  return lengths;
}

TEST(BatchPlan, EveryExampleOnce) {
  for (uint32_t n : {1u, 7u, 8u, 1000u}) {
    const auto batches = PlanEpoch(Lengths(n), 8, 3, 0);
    EXPECT_EQ(batches.size(), BatchesPerEpoch(n, 8));
    std::vector<uint32_t> seen;
    for (const Batch& batch : batches) seen.insert(seen.end(), batch.begin(), batch.end());
    std::sort(seen.begin(), seen.end());
    for (uint32_t i = 0; i < n; ++i) ASSERT_EQ(seen.at(i), i) << n;
  }
}

TEST(BatchPlan, OnlyTheLastBatchIsSmaller) {
  const auto batches = PlanEpoch(Lengths(101), 8, 3, 5);
  for (size_t i = 0; i + 1 < batches.size(); ++i) EXPECT_EQ(batches[i].size(), 8u);
  EXPECT_EQ(batches.back().size(), 101u % 8);
}

TEST(BatchPlan, SameSeedSameOrderOtherEpochOtherOrder) {
  const auto lengths = Lengths(200);
  EXPECT_EQ(PlanEpoch(lengths, 8, 3, 1), PlanEpoch(lengths, 8, 3, 1));
  EXPECT_NE(PlanEpoch(lengths, 8, 3, 1), PlanEpoch(lengths, 8, 3, 2));
  EXPECT_NE(PlanEpoch(lengths, 8, 3, 1), PlanEpoch(lengths, 8, 4, 1));
}

TEST(BatchPlan, BatchesHoldSimilarLengths) {
  const auto lengths = Lengths(400);
  double spread = 0;
  const auto batches = PlanEpoch(lengths, 8, 3, 0);
  for (const Batch& batch : batches) {
    uint32_t least = 1000, most = 0;
    for (uint32_t i : batch) {
      least = std::min(least, lengths[i]);
      most = std::max(most, lengths[i]);
    }
    spread += most - least;
  }
  EXPECT_LT(spread / static_cast<double>(batches.size()), 5.0);  // of 100
}

}  // namespace
}  // namespace tact

#include "common/kernels/weight_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace tact {
namespace {

TEST(WeightMemoryTest, PiecesAreAlignedZeroAndApart) {
  constexpr size_t kMb = size_t{1} << 20;
  std::vector<WeightArray<unsigned char>> pieces;
  for (const size_t size :
       {size_t{1}, size_t{0}, size_t{65}, 3 * kMb, 31 * kMb, 2 * kMb, 40 * kMb}) {
    pieces.emplace_back(size);
    auto& piece = pieces.back();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(piece.data()) % 64, 0u);
    EXPECT_EQ(piece.bytes(), size);
    EXPECT_EQ(std::count(piece.data(), piece.data() + size, 0), static_cast<int64_t>(size));
    std::fill_n(piece.data(), size, static_cast<unsigned char>(pieces.size()));
  }
  for (size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(std::count(pieces[i].data(), pieces[i].data() + pieces[i].size(), i + 1),
              static_cast<int64_t>(pieces[i].size()))
        << "another piece wrote into piece " << i;
  }
}

TEST(WeightMemoryTest, ACopyKeepsThePiece) {
  WeightArray<float> copy;
  {
    WeightArray<float> piece(100);
    piece.data()[99] = 7;
    copy = piece;
  }
  EXPECT_EQ(copy.data()[99], 7);
}

}  // namespace
}  // namespace tact

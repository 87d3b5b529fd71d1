#include "common/kernels/row_scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "common/kernels/testing_values.h"

namespace tact {
namespace {

using Vector = std::vector<float>;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Around the sizes of vectors, groups and blocks.
const std::vector<int64_t> kSizes = {1, 5, 16, 63, 64, 127, 128, 200, 512, 700, 3001};

TEST(RowScanTest, TheGreatestAndWhatIsNotFinite) {
  for (const int64_t n : kSizes) {
    Vector x = Random(n, 1, 3);
    const RowMax max = FindMax(x.data(), n);
    EXPECT_EQ(max.value, *std::ranges::max_element(x));
    EXPECT_TRUE(max.finite);
    for (const float bad : {NAN, kInfinity, -kInfinity}) {
      for (const int64_t at : {int64_t{0}, n / 2, n - 1}) {
        Vector y = x;
        y[at] = bad;
        EXPECT_FALSE(FindMax(y.data(), n).finite) << bad << " at " << at << " of " << n;
      }
    }
    x.back() = 100;
    EXPECT_EQ(FindMax(x.data(), n).value, 100);
  }
}

// Every target of a fine grid falls on the index that adding up from the left gives.
TEST(RowScanTest, ASumInBlocksFindsWhatAddingUpFinds) {
  for (const int64_t n : kSizes) {
    Vector x = Random(n, 2, 3);
    for (int64_t i = 0; i < n; i += 3) x[i] = -kInfinity;
    if (n == 1) x[0] = 1;
    const float max = FindMax(x.data(), n).value;
    std::vector<double> cumulative, sums(ExpBlocks(n));
    double expected = 0;
    for (const float v : x) cumulative.push_back(expected += std::exp(double{v} - double{max}));
    const double total = SumExpBlocks(x.data(), max, n, sums.data());
    EXPECT_NEAR(total, expected, 1e-5 * expected);
    for (double u = 0.0005; u < 1; u += 0.001) {
      const int64_t found = FindPassing(x.data(), max, n, sums.data(), u * total);
      EXPECT_GE(cumulative[found], u * expected * (1 - 1e-5));
      EXPECT_TRUE(found == 0 || cumulative[found - 1] <= u * expected * (1 + 1e-5));
      EXPECT_NE(x[found], -kInfinity);
    }
    const auto last = std::find_if(x.rbegin(), x.rend(), [](float v) { return v > -80; });
    EXPECT_EQ(FindPassing(x.data(), max, n, sums.data(), 2 * total), &*last - x.data());
  }
}

TEST(RowScanTest, TheTopIsAmongWhatReachesItsBound) {
  for (const int64_t n : kSizes) {
    const Vector x = Random(n, 3, 3);
    Vector sorted = x, work(TopBoundWork(n));
    std::ranges::sort(sorted, std::greater<>());
    std::vector<int32_t> indices(n);
    for (const int64_t count : {int64_t{1}, std::min<int64_t>(n, 10), n}) {
      const float bound = TopBound(x.data(), n, count, work.data());
      EXPECT_LE(bound, sorted[count - 1]);
      const int64_t found = IndicesAtLeast(x.data(), n, bound, indices.data());
      EXPECT_TRUE(std::is_sorted(indices.begin(), indices.begin() + found));
      EXPECT_EQ(found, std::ranges::count_if(x, [&](float v) { return v >= bound; }));
      for (int64_t i = 0; i < found; ++i) EXPECT_GE(x[indices[i]], bound);
    }
    if (n == 3001) {
      EXPECT_LT(IndicesAtLeast(x.data(), n, TopBound(x.data(), n, 10, work.data()), indices.data()),
                20);
    }
  }
}

}  // namespace
}  // namespace tact

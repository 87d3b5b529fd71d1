#include "common/kernels/attend.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "common/kernels/testing_values.h"

namespace tact {
namespace {

using Vector = std::vector<float>;

// The definition, in double.
std::vector<double> Expected(const Vector& q, const KeyValues& kv, int64_t d, double scale,
                             const float* bias) {
  std::vector<double> out(static_cast<size_t>(d)), weights;
  double sum = 0;
  for (int64_t j = 0; j < kv.n; ++j) {
    double score = bias == nullptr ? 0 : bias[j];
    for (int64_t c = 0; c < d; ++c) score += scale * q[c] * kv.k[j * kv.stride + c];
    weights.push_back(std::exp(score));
    sum += weights.back();
  }
  for (int64_t j = 0; j < kv.n; ++j) {
    for (int64_t c = 0; c < d; ++c) out[c] += weights[j] / sum * kv.v[j * kv.stride + c];
  }
  return out;
}

// Widths and counts around those of vectors, so that every path and every rest runs.
TEST(AttendTest, OneQueryEqualsTheDefinition) {
  for (const int64_t d : {1, 6, 8, 19, 64, 85}) {
    for (const int64_t n : {1, 2, 7, 8, 9, 41}) {
      const int64_t stride = d + 3;
      const Vector q = Random(d, 1), k = Random(n * stride, 2), v = Random(n * stride, 3);
      const Vector bias = Random(n, 4);
      const KeyValues kv{k.data(), v.data(), stride, n};
      for (const float* b : {static_cast<const float*>(nullptr), bias.data()}) {
        Vector out(d, NAN), scores(n);
        AttendOne(q.data(), kv, d, 0.4f, b, scores.data(), out.data());
        const std::vector<double> expected = Expected(q, kv, d, 0.4, b);
        for (int64_t c = 0; c < d; ++c) EXPECT_NEAR(out[c], expected[c], 2e-6) << d << " " << n;
      }
    }
  }
}

TEST(AttendTest, WhereTheRowsLieChangesNoBit) {
  for (const int64_t d : {8, 64}) {
    const int64_t n = 21;
    const Vector q = Random(d, 5), k = Random(n * d, 6), v = Random(n * d, 7), bias = Random(n, 8);
    Vector far_k(10 * n * d, NAN), far_v(10 * n * d, NAN), near(d), far(d), scores(n);
    std::vector<int64_t> offsets;
    for (int64_t j = 0; j < n; ++j) {
      offsets.push_back((j * 13 % n) * 10 * d);
      std::copy_n(k.begin() + j * d, d, far_k.begin() + offsets.back());
      std::copy_n(v.begin() + j * d, d, far_v.begin() + offsets.back());
    }
    AttendOne(q.data(), {k.data(), v.data(), d, n}, d, 1, bias.data(), scores.data(), near.data());
    AttendOne(q.data(), {far_k.data(), far_v.data(), 0, n, offsets.data()}, d, 1, bias.data(),
              scores.data(), far.data());
    EXPECT_EQ(near, far);
  }
}

// Against floats that have been rounded in the same way.
TEST(AttendTest, HalvesAreFloatsThatEndEarly) {
  for (const int64_t d : {16, 64, 80}) {
    const int64_t n = 21;
    const Vector q = Random(d, 5), bias = Random(n, 8);
    Vector k = Random(n * d, 6), v = Random(n * d, 7), floats(d), halves(d), scores(n);
    std::vector<uint16_t> half_k(n * d), half_v(n * d);
    PackHalves(k.data(), half_k.data(), n * d);
    PackHalves(v.data(), half_v.data(), n * d);
    for (int64_t i = 0; i < n * d; ++i) {
      const int64_t at = i / 16 * 16 + i % 8 * 2 + i / 8 % 2;
      const float before = k[i];
      k[i] = std::bit_cast<float>(uint32_t{half_k[at]} << 16);
      v[i] = std::bit_cast<float>(uint32_t{half_v[at]} << 16);
      ASSERT_LE(std::abs(k[i] - before), std::abs(before) / 256);
    }
    AttendOne(q.data(), {k.data(), v.data(), d, n}, d, 1, bias.data(), scores.data(),
              floats.data());
    AttendOne(q.data(), HalfKeyValues{half_k.data(), half_v.data(), n}, d, 1, bias.data(),
              scores.data(), halves.data());
    for (int64_t c = 0; c < d; ++c) EXPECT_NEAR(floats[c], halves[c], 1e-6);
  }
}

TEST(AttendTest, RoundingToHalvesTakesTheEvenOfTwoEquallyNear) {
  Vector x(16, 0.0f);
  x[0] = 1.0f, x[1] = 1.00390625f, x[2] = 1.01171875f, x[8] = -1.0039064f;
  std::vector<uint16_t> y(x.size());
  PackHalves(x.data(), y.data(), std::ssize(x));
  EXPECT_EQ(y[0], 0x3f80);
  EXPECT_EQ(y[2], 0x3f80) << "a tie";
  EXPECT_EQ(y[4], 0x3f82) << "a tie";
  EXPECT_EQ(y[1], 0xbf81);
  EXPECT_EQ(y[3], 0);
}

TEST(AttendTest, ManyQueriesAreOneAfterAnother) {
  const int64_t m = 5, n = 9, d = 6, stride = 11;
  const Vector q = Random(m * stride, 11), k = Random(n * stride, 12), v = Random(n * stride, 13);
  const Vector bias = Random(m * n, 14);
  const KeyValues kv{k.data(), v.data(), stride, n};
  Vector many(m * d), one(d), scores(m * n), row(n);
  AttendMany(q.data(), stride, m, kv, d, 0.5f, bias.data(), n, scores.data(), many.data(), d);
  for (int64_t i = 0; i < m; ++i) {
    AttendOne(q.data() + i * stride, kv, d, 0.5f, bias.data() + i * n, row.data(), one.data());
    for (int64_t j = 0; j < d; ++j) EXPECT_NEAR(many[i * d + j], one[j], 1e-5);
  }
}

}  // namespace
}  // namespace tact

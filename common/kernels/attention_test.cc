#include "common/kernels/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "common/kernels/testing_values.h"

namespace tact {
namespace {

using Vector = std::vector<float>;

// One sequence, one head, d = 1: small enough to compute by hand.
TEST(AttentionTest, ByHand) {
  const AttentionShape shape{1, 2, 2, 1, 1, 1.0f, /*causal=*/true};
  const Vector q = {0, 0}, k = {1, 1}, v = {2, 4};
  Vector probabilities(4, NAN), out(2, NAN);
  AttentionForward(shape, {q.data(), k.data(), v.data(), nullptr, nullptr, nullptr},
                   probabilities.data(), out.data());
  EXPECT_EQ(probabilities, (Vector{1, 0, 0.5, 0.5}));  // the first query sees only the first key
  EXPECT_EQ(out, (Vector{2, 3}));
}

TEST(AttentionTest, MaskedKeysDoNotCountAndARowWithoutKeysIsUniform) {
  const AttentionShape shape{2, 1, 3, 1, 1, 1.0f, false};
  const Vector q = {1, 1}, k = Random(6, 1), v = {1, 2, 3, 1, 2, 3}, mask = {1, 0, 0, 0, 0, 0};
  Vector probabilities(6), out(2);
  AttentionForward(shape, {q.data(), k.data(), v.data(), nullptr, mask.data(), nullptr},
                   probabilities.data(), out.data());
  EXPECT_FLOAT_EQ(out[0], 1);
  EXPECT_FLOAT_EQ(out[1], 2);
}

// Gradients against differences of sum(out * weights), for every input.
TEST(AttentionTest, BackwardEqualsDifferences) {
  for (const bool causal : {false, true}) {
    const AttentionShape shape{2, 3, 4, 2, 3, 0.7f, causal};
    Vector inputs[4] = {Random(2 * 3 * 6, 1), Random(2 * 4 * 6, 2), Random(2 * 4 * 6, 3),
                        Random(2 * 3 * 4, 4)};  // q, k, v, bias
    const Vector mask = {1, 1, 1, 1, 1, 1, 0, 1}, weights = Random(2 * 3 * 6, 5);
    Vector dropout = Random(2 * 2 * 3 * 4, 6);
    for (float& factor : dropout) factor = factor > -0.5f ? 1.3f : 0.0f;
    Vector probabilities(2 * 2 * 3 * 4), out(weights.size());
    const auto view = [&] {
      return AttentionInputs{inputs[0].data(), inputs[1].data(), inputs[2].data(),
                             inputs[3].data(), mask.data(),      dropout.data()};
    };
    const auto loss = [&] {
      AttentionForward(shape, view(), probabilities.data(), out.data());
      double sum = 0;
      for (size_t i = 0; i < out.size(); ++i) sum += double{out[i]} * double{weights[i]};
      return sum;
    };
    loss();
    Vector gradients[4];
    for (int i = 0; i < 4; ++i) gradients[i].assign(inputs[i].size(), NAN);
    AttentionBackward(
        shape, view(), probabilities.data(), weights.data(),
        {gradients[0].data(), gradients[1].data(), gradients[2].data(), gradients[3].data()});
    for (int i = 0; i < 4; ++i) {
      for (size_t j = 0; j < inputs[i].size(); ++j) {
        const float kept = inputs[i][j];
        inputs[i][j] = kept + 1e-2f;
        const double up = loss();
        inputs[i][j] = kept - 1e-2f;
        const double down = loss();
        inputs[i][j] = kept;
        EXPECT_NEAR(gradients[i][j], (up - down) / 2e-2, 2e-3) << i << " " << j << " " << causal;
      }
    }
  }
}

}  // namespace
}  // namespace tact

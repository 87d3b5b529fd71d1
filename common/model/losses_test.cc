#include "common/model/losses.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "common/model/test_support.h"

namespace tact {
namespace {

at::Tensor Labels(const std::vector<int64_t>& values) {
  at::Tensor out = at::empty({static_cast<int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), out.data_ptr<int64_t>());
  return out;
}

TEST(CrossEntropyTest, IgnoresLabelsOfMinusHundred) {
  const at::Tensor logits = at::zeros({3, 4});  // each class has probability 1/4
  logits.select(0, 2).fill_(7.0);
  EXPECT_NEAR(CrossEntropy(logits, Labels({1, -100, 3})).item<double>(), std::log(4.0), 1e-6);
  EXPECT_TRUE(std::isnan(CrossEntropy(logits, Labels({-100, -100, -100})).item<double>()));
}

TEST(CrossEntropyTest, SmoothingMixesInTheUniformTarget) {
  const at::Tensor logits = at::randn({1, 4});
  const at::Tensor logprobs = at::log_softmax(logits, -1);
  const double hard = -logprobs.select(1, 2).item<double>();
  const double uniform = -logprobs.mean().item<double>();
  EXPECT_NEAR(CrossEntropy(logits, Labels({2}), 0.1).item<double>(), 0.9 * hard + 0.1 * uniform,
              1e-6);
}

TEST(TokenLogprobsTest, PicksTheLabelOfEachPosition) {
  const at::Tensor logits = at::randn({2, 3, 5});
  const at::Tensor labels = Labels({4, 0, 1, 2, 2, 3}).reshape({2, 3});
  const at::Tensor all = at::log_softmax(logits, -1);
  const at::Tensor picked = TokenLogprobs(logits, labels);
  for (int64_t i = 0; i < 6; ++i) {
    const int64_t label = labels.reshape({6}).select(0, i).item<int64_t>();
    EXPECT_EQ(picked.reshape({6}).select(0, i).item<float>(),
              all.reshape({6, 5}).select(0, i).select(0, label).item<float>());
  }
}

}  // namespace
}  // namespace tact

// The numbers were computed with torch by the formulas of trl 0.4.2 (core.py, ppo_trainer.py).
#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "services/trainer/ppo/gae.h"
#include "services/trainer/ppo/kl_controller.h"
#include "services/trainer/ppo/masked.h"
#include "services/trainer/ppo/ppo_loss.h"
#include "services/trainer/ppo/ppo_metrics.h"
#include "services/trainer/ppo/prompts.h"
#include "services/trainer/ppo/token_rewards.h"

namespace tact {
namespace {

at::Tensor Matrix(std::vector<float> values, int64_t columns) {
  return at::tensor(values, at::TensorOptions(at::kFloat)).reshape({-1, columns}).contiguous();
}

void ExpectNear(const at::Tensor& actual, const std::vector<double>& expected,
                double tolerance = 2e-6) {
  const at::Tensor flat = actual.detach().contiguous().reshape({-1});
  ASSERT_EQ(flat.numel(), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(flat.data_ptr<float>()[i], expected[i], tolerance) << i;
  }
}

// Two responses of four and three tokens; the score of the second stands on its third token.
class PpoCore : public ::testing::Test {
 protected:
  at::Tensor logprobs_ = Matrix({-1.0f, -0.5f, -2.0f, -0.7f, -0.3f, -1.2f, -0.9f, 0.0f}, 4);
  at::Tensor reference_ = Matrix({-1.1f, -0.8f, -1.5f, -0.7f, -0.4f, -1.0f, -1.3f, 0.0f}, 4);
  at::Tensor values_ = Matrix({0.1f, 0.2f, -0.1f, 0.3f, 0.05f, 0.4f, 0.2f, 0.9f}, 4);
  at::Tensor mask_ = LearningMask({4, 3});

  at::Tensor Rewards(v1::KlEstimator estimator = v1::KL_ESTIMATOR_K1) const {
    return RewardTokens({1.5, -0.5}, EstimateKl(logprobs_, reference_, estimator), mask_, 0.2)
        .total;
  }
};

TEST_F(PpoCore, MaskLeavesOutTheFirstTokenAndThePadding) {
  ExpectNear(mask_, {0, 1, 1, 1, 0, 1, 1, 0});
  ExpectNear(LearningMask({1, 2}), {0, 0, 0, 1});
}

TEST_F(PpoCore, RewardsArePenaltyPlusScoreOnTheLastToken) {
  ExpectNear(Rewards(), {-0.02, -0.06, 0.1, 1.5, -0.02, 0.04, -0.58, 0.0});
}

TEST_F(PpoCore, AResponseOfOneTokenGetsNoScore) {
  const at::Tensor zero = Matrix({0.0f, 0.0f}, 2);
  ExpectNear(RewardTokens({7.0}, zero, Matrix({0.0f, 0.0f}, 2), 0.2).total, {0.0, 0.0});
}

TEST_F(PpoCore, AdvantagesEqualTrl) {
  ExpectNear(GeneralizedAdvantages(Rewards() * mask_, values_ * mask_, 1.0, 0.95),
             {1.3380999565, 1.1979999542, 1.6399999857, 1.2000000477, -0.4559498727, -0.9009999037,
              -0.7799999714, 0.0});
}

TEST_F(PpoCore, AdvantagesWithoutDiscountAreRewardMinusValue) {
  ExpectNear(GeneralizedAdvantages(Matrix({1, 2}, 2), Matrix({5, 7}, 2), 0.0, 0.0), {-4, -5});
}

TEST_F(PpoCore, WhiteningEqualsTrl) {
  const at::Tensor advantages = Matrix({1.3380999565f, 1.1979999542f, 1.6399999857f, 1.2000000477f,
                                        -0.4559498727f, -0.9009999037f, -0.7799999714f, 0.0f},
                                       4);
  EXPECT_NEAR(MaskedVariance(advantages, mask_).item<double>(), 1.4684786797, 1e-6);
  ExpectNear(MaskedWhiten(advantages, mask_),
             {0.7152122855, 0.5995998979, 0.9643442035, 0.6012504101, -0.7652614713, -1.1325225830,
              -1.0326718092, -0.3890055418});
}

TEST_F(PpoCore, OneEntryAloneIsWhitenedToZero) {
  ExpectNear(MaskedWhiten(Matrix({3, 4}, 2), Matrix({0, 1}, 2)), {0, 0});
}

TEST_F(PpoCore, LossAndGradientsEqualTrl) {
  const OldPolicy old = {logprobs_, values_, Rewards(), mask_};
  const PpoLossOptions options = {1.0, 0.95, 0.2, 0.2, 0.1};
  const at::Tensor now =
      Matrix({-0.9f, -0.2f, -2.6f, -0.75f, -0.5f, -1.25f, -0.5f, 0.1f}, 4).requires_grad_(true);
  const at::Tensor values =
      Matrix({0.5f, 0.6f, -0.05f, 0.1f, 0.0f, 0.1f, 0.25f, 0.3f}, 4).requires_grad_(true);
  const PpoLoss loss = ComputePpoLoss(old, ComputeAdvantages(old, options), now, values, options);
  EXPECT_NEAR(loss.total.item<double>(), 0.2260767817, 1e-6);
  EXPECT_NEAR(loss.stats.policy_loss, 0.1594327390, 1e-6);
  EXPECT_NEAR(loss.stats.value_loss, 0.6664404273, 1e-6);
  EXPECT_NEAR(loss.stats.clip_fraction, 0.2, 1e-6);
  EXPECT_NEAR(loss.stats.value_clip_fraction, 0.4, 1e-6);
  EXPECT_NEAR(loss.stats.approx_kl, 0.0614999905, 1e-6);
  loss.total.backward();
  ExpectNear(now.grad(), {0, 0, -0.1058486700, -0.1143854111, 0, 0.2154577672, 0.3081130683, 0});
  ExpectNear(values.grad(), {0, 0, -0.0317999981, -0.0139999995, 0, 0, 0.0165999997, 0});
}

TEST(Entropy, IsTheMeanOverKeptTokens) {
  const at::Tensor logits = Matrix({1, 2, 3, 0, 0, 0}, 3).reshape({1, 2, 3});
  const at::Tensor entropy = TokenEntropy(logits);
  EXPECT_NEAR(MaskedMean(entropy, Matrix({1, 1}, 2)).item<double>(), 0.9655039310, 1e-6);
  EXPECT_NEAR(MaskedMean(entropy, Matrix({0, 1}, 2)).item<double>(), 1.0986122887, 1e-6);  // log 3
}

TEST(KlController, AdaptsAsTrl) {
  struct Case {
    double kl, samples, expected;
  };
  const Case cases[] = {{3.0, 16, 0.199936},
                        {12.0, 16, 0.19999997952},
                        {6.5, 32, 0.200053312847872},
                        {0.0, 16, 0.1999892957877607}};
  KlController controller({0.2, true, 6.0, 10000.0});
  for (const Case& c : cases) {
    controller.Update(c.kl, c.samples);
    EXPECT_NEAR(controller.coef(), c.expected, 1e-12);
  }
}

TEST(KlController, FixedStays) {
  KlController controller({0.2, false, 6.0, 10000.0});
  controller.Update(100.0, 16);
  EXPECT_DOUBLE_EQ(controller.coef(), 0.2);
}

TEST(PromptOrder, EachEpochHasEveryPromptOnce) {
  PromptOrder order(7, 42), again(7, 42);
  for (uint64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<int> seen(7, 0);
    for (uint64_t i = 0; i < 7; ++i) ++seen[order.At(epoch * 7 + i)];
    EXPECT_EQ(seen, std::vector<int>(7, 1));
  }
  EXPECT_EQ(again.At(9), order.At(9));  // a pure function of the position
}

}  // namespace
}  // namespace tact

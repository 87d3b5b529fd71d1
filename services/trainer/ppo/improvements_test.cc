// Each named improvement of the PPO objective: what it changes, and that it changes nothing else.
#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "services/trainer/jobs/spec_defaults.h"
#include "services/trainer/ppo/learner.h"
#include "services/trainer/ppo/token_rewards.h"
#include "services/trainer/testing/tiny_models.h"

namespace tact {
namespace {

at::Tensor Row(std::vector<float> values) {
  return at::tensor(values, at::TensorOptions(at::kFloat)).unsqueeze(0);
}

void ExpectValues(const at::Tensor& actual, const std::vector<double>& expected) {
  const at::Tensor flat = actual.contiguous().reshape({-1});
  ASSERT_EQ(flat.numel(), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(flat.data_ptr<float>()[i], expected[i], 1e-5) << i;
  }
}

// Four responses of two to five tokens; the last one ends without the end token (1).
std::vector<TokenSequence> SomeRollouts() {
  std::vector<TokenSequence> out = {{{5, 6, 1}, {7, 8, 1}},
                                    {{9, 1}, {4, 1}},
                                    {{3, 2, 8, 1}, {6, 6, 7, 1}},
                                    {{11, 12, 1}, {13, 14, 15, 16, 17}}};
  return out;
}

// What one step with two mini-batches has seen.
struct Seen {
  Experience experience;
  std::vector<Advantages> advantages;
  std::vector<double> policy_losses;
  LearnStats stats;
};

using Change = std::function<void(v1::PpoImprovements&)>;

Seen LearnOnce(const Change& change, const std::vector<TokenSequence>& rollouts = SomeRollouts()) {
  v1::JobSpec spec;
  spec.set_kind(v1::JOB_KIND_PPO);
  spec.mutable_ppo()->set_mini_batch_size(2);
  spec.mutable_ppo()->set_value_head_dropout(0);
  change(*spec.mutable_ppo()->mutable_improvements());
  FillDefaults(spec);
  auto learner =
      PpoLearner::Create(T5Model::Create(TinyT5Config(), 3).value(), nullptr, spec).value();
  Seen seen;
  learner->set_hooks({.mini_batches = [](size_t, uint32_t, uint32_t) -> std::vector<Batch> {
                        return {{0, 1}, {2, 3}};
                      },
                      .on_experience = [&](const Experience& e) { seen.experience = e; },
                      .on_mini_batch =
                          [&](const MiniBatchRecord& r) {
                            seen.advantages.push_back(r.advantages);
                            seen.policy_losses.push_back(r.stats.policy_loss);
                          }});
  seen.stats =
      learner->Learn(rollouts, {1, -1, 0.5, 2}, 0.2, 0, [] { return absl::OkStatus(); }).value();
  return seen;
}

TEST(PpoImprovements, NoneIsTrlsObjective) {
  const Seen seen = LearnOnce([](v1::PpoImprovements&) {});
  ExpectValues(seen.experience.old.mask, {0, 1, 1, 0, 0,  //
                                          0, 1, 0, 0, 0,  //
                                          0, 1, 1, 1, 0,  //
                                          0, 1, 1, 1, 1});
  EXPECT_FALSE(seen.experience.old.importance.defined());
  EXPECT_FALSE(seen.experience.whole_batch.has_value());
  EXPECT_DOUBLE_EQ(seen.stats.scores.mean, 0.625);
}

TEST(PpoImprovements, TheFirstTokenCounts) {
  const Seen seen = LearnOnce([](v1::PpoImprovements& i) { i.set_count_first_token(true); });
  ExpectValues(seen.experience.old.mask, {1, 1, 1, 0, 0,  //
                                          1, 1, 0, 0, 0,  //
                                          1, 1, 1, 1, 0,  //
                                          1, 1, 1, 1, 1});
}

TEST(PpoImprovements, AResponseOfOneTokenTeachesWhereTheFirstCounts) {
  ExpectValues(LearningMask({1}, true), {1});
  ExpectValues(RewardTokens({2}, Row({0.5f}), LearningMask({1}, true), 0.2).total, {1.9});
}

double MaskedMeanOf(const at::Tensor& values, const at::Tensor& mask) {
  return ((values * mask).sum() / mask.sum()).item<double>();
}

TEST(PpoImprovements, WhitensOverTheBatch) {
  const Seen plain = LearnOnce([](v1::PpoImprovements&) {});
  const Seen batch = LearnOnce([](v1::PpoImprovements& i) { i.set_whiten_over_batch(true); });
  const at::Tensor& mask = plain.experience.old.mask;
  const at::Tensor first = mask.slice(0, 0, 2).slice(1, 0, 3), second = mask.slice(0, 2, 4);
  // Alone, each mini-batch has the mean 0; together they have, and each keeps where it lies.
  EXPECT_NEAR(MaskedMeanOf(plain.advantages[0].whitened, first), 0, 1e-5);
  EXPECT_NEAR(MaskedMeanOf(plain.advantages[1].whitened, second), 0, 1e-5);
  EXPECT_GT(std::abs(MaskedMeanOf(batch.advantages[0].whitened, first)), 1e-2);
  EXPECT_NEAR(MaskedMeanOf(batch.experience.whole_batch->whitened, mask), 0, 1e-5);
  ExpectValues(batch.advantages[0].raw - plain.advantages[0].raw, {0, 0, 0, 0, 0, 0});
}

TEST(PpoImprovements, AMissingEndTokenCosts) {
  const Seen seen = LearnOnce([](v1::PpoImprovements& i) { i.set_missing_eos_penalty(3); });
  const Seen plain = LearnOnce([](v1::PpoImprovements&) {});
  // The last response's score stands on its fifth token.
  at::Tensor expected = plain.experience.old.rewards.clone();
  expected.data_ptr<float>()[19] -= 3;
  EXPECT_TRUE(seen.experience.old.rewards.allclose(expected));
  EXPECT_DOUBLE_EQ(seen.stats.scores.mean, 0.625 - 0.75);
}

TEST(PpoImprovements, ImportanceWeightsAreCapped) {
  ExpectValues(ImportanceWeights(Row({-1, -1, -1}), Row({-1, -2, 0}), 2.0),
               {1.0, 2.0, std::exp(-1.0)});
}

TEST(PpoImprovements, AWeightOfTwoCountsATokenTwice) {
  OldPolicy old = {Row({-1, -2}), Row({0, 0}), Row({0, 1}), Row({1, 1})};
  const Advantages advantages = ComputeAdvantages(old, {});
  const auto gradients = [&] {
    const at::Tensor now = Row({-0.9f, -2.1f}).requires_grad_(true);
    ComputePpoLoss(old, advantages, now, Row({0, 0}), {}).total.backward();
    return now.grad();
  };
  const at::Tensor plain = gradients();
  old.importance = Row({2, 1});
  ExpectValues(gradients() / plain, {2, 1});
}

TEST(PpoImprovements, ImportanceWeighsEachTokensPolicyLoss) {
  const auto cap = [](v1::PpoImprovements& i) { i.set_importance_cap(5); };
  const Seen plain = LearnOnce([](v1::PpoImprovements&) {});
  EXPECT_EQ(LearnOnce(cap).policy_losses, plain.policy_losses) << "unknown logprobs weigh 1";
  // Drawn with half the learner's probability everywhere: each loss counts twice.
  std::vector<TokenSequence> rollouts = SomeRollouts();
  for (size_t i = 0; i < rollouts.size(); ++i) {
    for (size_t t = 0; t < rollouts[i].response.size(); ++t) {
      const float logprob =
          plain.experience.old.logprobs.data_ptr<float>()[i * 5 + t] - std::log(2.0f);
      rollouts[i].behaviour_logprobs.push_back(logprob);
    }
  }
  const Seen seen = LearnOnce(cap, rollouts);
  ExpectValues((seen.experience.old.importance - 2) * seen.experience.old.mask,
               std::vector<double>(20, 0));
}

TEST(PpoImprovements, KlEstimators) {
  const at::Tensor logprobs = Row({-1, -2}), reference = Row({-1.5, -1});  // d = 0.5, -1
  const auto estimate = [&](v1::KlEstimator e) { return EstimateKl(logprobs, reference, e); };
  ExpectValues(estimate(v1::KL_ESTIMATOR_K1), {0.5, -1});
  ExpectValues(estimate(v1::KL_ESTIMATOR_K2), {0.125, 0.5});
  ExpectValues(estimate(v1::KL_ESTIMATOR_K3), {std::exp(-0.5) - 0.5, std::exp(1.0) - 2});
  ExpectValues(estimate(v1::KL_ESTIMATOR_ABSOLUTE), {0.5, 1});
}

TEST(PpoImprovements, TheKlReferenceMayBeAnotherModel) {
  v1::JobSpec spec;
  spec.set_kind(v1::JOB_KIND_PPO);
  FillDefaults(spec);
  for (const uint64_t seed : {3u, 4u}) {  // of the base; the job's start has 3
    auto learner = PpoLearner::Create(T5Model::Create(TinyT5Config(), 3).value(),
                                      T5Model::Create(TinyT5Config(), seed).value(), spec)
                       .value();
    const auto stats =
        learner->Learn(SomeRollouts(), {1, -1, 0.5, 2}, 0.2, 0, [] { return absl::OkStatus(); });
    ASSERT_TRUE(stats.ok());
    EXPECT_EQ(std::abs(stats->kl) < 1e-5, seed == 3) << stats->kl;
  }
}

}  // namespace
}  // namespace tact

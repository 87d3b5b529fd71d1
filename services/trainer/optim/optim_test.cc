#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "services/trainer/optim/adamw.h"
#include "services/trainer/optim/gradients.h"
#include "services/trainer/optim/schedule.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

at::Tensor Vector(std::vector<float> values) {
  return at::tensor(values, at::TensorOptions(at::kFloat));
}

std::vector<NamedTensor> OneParameter(std::vector<float> values, const char* name = "w") {
  return {{name, Vector(std::move(values)).requires_grad_(true)}};
}

void ExpectNear(const at::Tensor& actual, const std::vector<float>& expected) {
  ASSERT_EQ(actual.numel(), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(actual.data_ptr<float>()[i], expected[i], 1e-6) << i;
  }
}

// Three steps of torch.optim.AdamW (betas .9/.999, eps 1e-8, lr .1) on the same gradients.
struct AdamCase {
  double weight_decay;
  std::vector<std::vector<float>> after;
};

TEST(AdamW, EqualsTorch) {
  const std::vector<std::vector<float>> gradients = {
      {0.1f, -0.2f, 0.3f}, {0.4f, 0.0f, -0.1f}, {-0.3f, 0.2f, 0.05f}};
  const AdamCase cases[] = {
      {0.1,
       {{0.88999999f, -1.87999999f, 0.39500001f},
        {0.79266238f, -1.79419410f, 0.35102814f},
        {0.76706493f, -1.78483891f, 0.30697533f}}},
      {0.0,
       {{0.89999998f, -1.89999998f, 0.40000001f},
        {0.81156236f, -1.83299410f, 0.35997814f},
        {0.79389155f, -1.84158087f, 0.31943560f}}},
  };
  for (const AdamCase& c : cases) {
    AdamW optimizer(OneParameter({1.0f, -2.0f, 0.5f}), {0.9, 0.999, 1e-8, c.weight_decay});
    for (size_t step = 0; step < gradients.size(); ++step) {
      at::Tensor weight = optimizer.parameters()[0].tensor;
      weight.mutable_grad() = Vector(gradients[step]);
      optimizer.Step(0.1);
      ExpectNear(weight.detach(), c.after[step]);
    }
  }
}

// Three steps of transformers.AdamW (lr .1, decay .1) with an epsilon that shows where it stands.
TEST(AdamW, EqualsTransformers) {
  const std::vector<std::vector<float>> gradients = {
      {0.1f, -0.2f, 0.3f}, {0.4f, 0.0f, -0.1f}, {-0.3f, 0.2f, 0.05f}};
  const std::vector<std::vector<float>> after = {{0.96621495f, -1.94164491f, 0.44680354f},
                                                 {0.90700334f, -1.89653611f, 0.42252916f},
                                                 {0.88713706f, -1.88158321f, 0.39812073f}};
  AdamW optimizer(OneParameter({1.0f, -2.0f, 0.5f}),
                  {0.9, 0.999, 1e-2, 0.1, AdamWForm::kTransformers});
  for (size_t step = 0; step < gradients.size(); ++step) {
    at::Tensor weight = optimizer.parameters()[0].tensor;
    weight.mutable_grad() = Vector(gradients[step]);
    optimizer.Step(0.1);
    ExpectNear(weight.detach(), after[step]);
  }
}

TEST(AdamW, BiasesAndNormsDoNotDecay) {
  EXPECT_TRUE(TakesWeightDecay("encoder.block.0.layer.0.SelfAttention.q.weight"));
  EXPECT_FALSE(TakesWeightDecay("encoder.block.0.layer.0.layer_norm.weight"));
  EXPECT_FALSE(TakesWeightDecay("roberta.embeddings.LayerNorm.weight"));
  EXPECT_FALSE(TakesWeightDecay("classifier.dense.bias"));
  EXPECT_FALSE(
      TakesWeightDecay("decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"));
}

TEST(AdamW, GoesOnFromItsState) {
  AdamW straight(OneParameter({1.0f, -2.0f}), {});
  AdamW first(OneParameter({1.0f, -2.0f}), {});
  const auto step = [](AdamW& optimizer, float gradient) {
    at::Tensor weight = optimizer.parameters()[0].tensor;
    weight.mutable_grad() = Vector({gradient, -gradient});
    optimizer.Step(0.01);
  };
  step(straight, 0.5f);
  step(straight, 0.1f);
  step(first, 0.5f);
  AdamW second(OneParameter({0.0f, 0.0f}), {});
  ParameterMap state;
  for (const NamedTensor& item : first.State()) state.Add(item.name, item.tensor);
  ASSERT_TRUE(second.LoadState(state, first.steps()).ok());
  second.parameters()[0].tensor.detach().copy_(first.parameters()[0].tensor.detach());
  step(second, 0.1f);
  EXPECT_TRUE(second.parameters()[0].tensor.equal(straight.parameters()[0].tensor));
}

TEST(AdamW, RefusesForeignState) {
  AdamW optimizer(OneParameter({1.0f}), {});
  const absl::Status status = optimizer.LoadState(ParameterMap(), 1);
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("exp_avg.w"));
}

TEST(ClipGradients, ScalesToTheNorm) {
  auto parameters = OneParameter({0.0f, 0.0f});
  parameters[0].tensor.mutable_grad() = Vector({3.0f, 4.0f});
  const absl::StatusOr<double> norm = ClipGradients(parameters, 1.0);
  ASSERT_TRUE(norm.ok());
  EXPECT_DOUBLE_EQ(*norm, 5.0);
  ExpectNear(parameters[0].tensor.grad(), {0.6f, 0.8f});
  EXPECT_TRUE(ClipGradients(parameters, 0.0).ok());  // 0 clips nothing
  ExpectNear(parameters[0].tensor.grad(), {0.6f, 0.8f});
}

TEST(ClipGradients, NamesTheTensorThatIsNotFinite) {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), INFINITY}) {
    auto parameters = OneParameter({0.0f, 0.0f}, "decoder.final_layer_norm.weight");
    parameters[0].tensor.mutable_grad() = Vector({1.0f, bad});
    const absl::StatusOr<double> norm = ClipGradients(parameters, 1.0);
    EXPECT_TRUE(absl::IsInternal(norm.status()));
    EXPECT_THAT(std::string(norm.status().message()), HasSubstr("decoder.final_layer_norm.weight"));
  }
}

TEST(LearningRate, FollowsTheSchedule) {
  struct Case {
    v1::Schedule schedule;
    int64_t step;
    double expected;
  };
  const Case cases[] = {
      {v1::SCHEDULE_CONSTANT, 0, 0.0}, {v1::SCHEDULE_CONSTANT, 1, 0.5},
      {v1::SCHEDULE_CONSTANT, 2, 1.0}, {v1::SCHEDULE_CONSTANT, 9, 1.0},
      {v1::SCHEDULE_LINEAR, 2, 1.0},   {v1::SCHEDULE_LINEAR, 6, 0.5},
      {v1::SCHEDULE_LINEAR, 9, 0.125}, {v1::SCHEDULE_COSINE, 2, 1.0},
      {v1::SCHEDULE_COSINE, 6, 0.55},  {v1::SCHEDULE_COSINE, 9, 0.1342542},
  };
  for (const Case& c : cases) {
    v1::OptimizerSettings settings;
    settings.set_learning_rate(1.0);
    settings.set_warmup_steps(2);
    settings.set_min_learning_rate_ratio(0.1);
    settings.set_schedule(c.schedule);
    EXPECT_NEAR(LearningRateAt(settings, c.step, 10), c.expected, 1e-6)
        << v1::Schedule_Name(c.schedule) << " step " << c.step;
  }
}

}  // namespace
}  // namespace tact

#include "common/model/trainable_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "common/base/file.h"
#include "common/model/fused_ops.h"
#include "common/model/t5_model.h"
#include "common/model/test_support.h"

namespace tact {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The fixture's folder with its weights changed.
absl::Status LoadChanged(const std::string& fixture,
                         const std::function<void(std::vector<NamedTensor>&)>& change) {
  const TemporaryFolder folder;
  std::filesystem::copy_file(Fixture(fixture) / "config.json", folder.path() / "config.json");
  const ParameterMap read = *ReadTensors(Fixture(fixture) / "model.safetensors");
  std::vector<NamedTensor> tensors = read.items();
  change(tensors);
  EXPECT_TRUE(WriteTensors(folder.path() / "model.safetensors", tensors).ok());
  return T5Model::Load(folder.path()).status();
}

TEST(TrainableModelTest, WrongWeightsNameFolderAndTensor) {
  EXPECT_THAT(LoadChanged("t5_gated", [](auto& t) { t.pop_back(); }).ToString(),
              AllOf(HasSubstr("tact-"), HasSubstr("shared.weight: the checkpoint has no such")));
  EXPECT_THAT(LoadChanged("t5_gated",
                          [](auto& t) {
                            t[0].tensor = at::ones({2, 3});
                          })
                  .ToString(),
              AllOf(HasSubstr("expected shape [15, 12]"), HasSubstr("found [2, 3]")));
  EXPECT_THAT(
      LoadChanged("t5_gated",
                  [](auto& t) {
                    t.push_back({"extra.weight", at::ones({1})});
                  })
          .ToString(),
      HasSubstr("extra.weight: the checkpoint has a tensor that a model of this config.json has"));
  EXPECT_THAT(
      LoadChanged("t5_gated", [](auto& t) { t[0].tensor = t[0].tensor.to(at::kLong); }).ToString(),
      HasSubstr("expected a tensor of F32, F16, BF16 or F64, found I64"));
}

TEST(TrainableModelTest, TiedWeightsMayHaveAnyOfTheirNames) {
  const auto rename = [](const char* name) {
    return [name](std::vector<NamedTensor>& tensors) {
      for (NamedTensor& item : tensors) {
        if (item.name == "shared.weight") item.name = name;
      }
    };
  };
  EXPECT_TRUE(LoadChanged("t5_relu", rename("encoder.embed_tokens.weight")).ok());
  EXPECT_TRUE(LoadChanged("t5_relu", rename("lm_head.weight")).ok());
  EXPECT_FALSE(LoadChanged("t5_relu", rename("elsewhere.weight")).ok());
}

TEST(TrainableModelTest, FrozenWeightsGetNoGradients) {
  const auto model = *T5Model::Load(Fixture("t5_gated"));
  model->SetRequiresGrad(false);
  EXPECT_TRUE(TrainableParameters(*model).empty());
  const at::Tensor head = model->parameters().At("lm_head.weight");
  head.requires_grad_(true);
  const at::Tensor ids = at::ones({1, 3}, at::kLong);
  model->Forward(ids, {}, ids).logits.sum().backward();
  EXPECT_TRUE(head.grad().defined());
  EXPECT_FALSE(model->parameters().At("shared.weight").grad().defined());
}

// Differences of the output along a direction against the gradient.
void CheckGradient(const std::function<at::Tensor(const at::Tensor&)>& function,
                   const at::Tensor& at_point, const std::string& what) {
  const at::Tensor x = at_point.clone().requires_grad_(true);
  const at::Tensor weights = at::randn(function(x).sizes());
  function(x).mul(weights).sum().backward();
  const at::Tensor direction = at::randn(x.sizes());
  const double step = 1e-3;
  const auto value = [&](double t) {
    return function(at_point.add(direction, t)).mul(weights).to(at::kDouble).sum().item<double>();
  };
  const double expected = (value(step) - value(-step)) / (2 * step);
  const double found = x.grad().mul(direction).sum().item<double>();
  EXPECT_NEAR(found, expected, 2e-2 * (1.0 + std::abs(expected))) << what;
}

TEST(FusedOpsTest, GateIsTorchsWithItsGradients) {
  const at::Tensor gate = at::linspace(-12, 12, 101).requires_grad_(true);
  const at::Tensor linear = at::linspace(3, -2, 101).requires_grad_(true);
  const at::Tensor fused = GeluNewGateOp(gate, linear);
  fused.sum().backward();
  const at::Tensor d_gate = gate.grad().clone(), d_linear = linear.grad().clone();
  gate.mutable_grad().zero_();
  linear.mutable_grad().zero_();
  const at::Tensor plain = at::gelu(gate, "tanh").mul(linear);
  plain.sum().backward();
  EXPECT_LT(fused.sub(plain).abs().max().item<double>(), 5e-6);
  EXPECT_LT(d_gate.sub(gate.grad()).abs().max().item<double>(), 5e-6);
  EXPECT_LT(d_linear.sub(linear.grad()).abs().max().item<double>(), 5e-6);
}

TEST(FusedOpsTest, GradientsEqualDifferences) {
  at::Tensor weight = at::rand({8}).add(0.5);
  CheckGradient([&](const at::Tensor& x) { return RmsNormOp(x, weight, 1e-6); }, at::randn({3, 8}),
                "rms norm");
  const at::Tensor gate = at::randn({3, 8}).mul(2), linear = at::randn({3, 8});
  CheckGradient([&](const at::Tensor& x) { return GeluNewGateOp(x, linear); }, gate, "gate");
  CheckGradient([&](const at::Tensor& x) { return GeluNewGateOp(gate, x); }, linear, "linear");
  const at::Tensor q = at::randn({2, 4, 8}), k = at::randn({2, 5, 8}), v = at::randn({2, 5, 8});
  const at::Tensor bias = at::randn({2, 4, 5});
  const at::Tensor mask = at::ones({2, 5});
  mask.select(0, 1).narrow(0, 3, 2).zero_();
  const at::Tensor dropout = at::rand({2, 2, 4, 5}).gt(0.3).to(at::kFloat).div(0.7);
  for (const bool causal : {false, true}) {
    const AttentionOptions options{2, 0.5, causal};
    const auto attend = [&](const at::Tensor& a, const at::Tensor& b, const at::Tensor& c,
                            const at::Tensor& d) {
      return AttentionOp(options, a, b, c, d, mask, dropout);
    };
    CheckGradient([&](const at::Tensor& x) { return attend(x, k, v, bias); }, q, "q");
    CheckGradient([&](const at::Tensor& x) { return attend(q, x, v, bias); }, k, "k");
    CheckGradient([&](const at::Tensor& x) { return attend(q, k, x, bias); }, v, "v");
    CheckGradient([&](const at::Tensor& x) { return attend(q, k, v, x); }, bias, "bias");
  }
}

}  // namespace
}  // namespace tact

#include "common/model/value_head.h"

#include <gtest/gtest.h>

#include "common/model/test_support.h"

namespace tact {
namespace {

TEST(ValueHeadTest, IsALinearOfTheHiddenState) {
  const ValueHead head(8, 1);
  const at::Tensor hidden = at::randn({2, 3, 8});
  const at::Tensor& weight = head.parameters().At("v_head.summary.weight");
  const at::Tensor& bias = head.parameters().At("v_head.summary.bias");
  const at::Tensor expected = at::matmul(hidden, weight.t()).squeeze(-1).add(bias);
  const at::Tensor values = head.Forward(hidden);
  EXPECT_EQ(values.sizes(), at::IntArrayRef({2, 3}));
  ExpectClose(values, expected.detach(), 1e-6, "values");
  values.sum().backward();
  ExpectClose(weight.grad(), hidden.reshape({6, 8}).sum(0).unsqueeze(0), 1e-5, "weight gradient");
}

TEST(ValueHeadTest, WeightsAreBoundedAndSeeded) {
  const ValueHead a(64, 5), b(64, 5), c(64, 6);
  const at::Tensor& weight = a.parameters().At("v_head.summary.weight");
  EXPECT_LE(weight.abs().max().item<double>(), 1.0 / 8);
  EXPECT_TRUE(SameBits(weight, b.parameters().At("v_head.summary.weight")));
  EXPECT_FALSE(SameBits(weight, c.parameters().At("v_head.summary.weight")));
}

TEST(ValueHeadTest, CopiesWeightsOrNamesWhatIsMissing) {
  ValueHead a(4, 1);
  const ValueHead b(4, 2), wide(5, 2);
  ASSERT_TRUE(a.CopyWeights(b.parameters()).ok());
  EXPECT_TRUE(SameBits(a.parameters().At("v_head.summary.weight"),
                       b.parameters().At("v_head.summary.weight")));
  EXPECT_EQ(a.CopyWeights(wide.parameters()).message(),
            "v_head.summary.weight: expected shape [1, 4], found [1, 5]; "
            "give weights of the same model");
}

}  // namespace
}  // namespace tact

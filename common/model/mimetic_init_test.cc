#include "common/model/mimetic_init.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "common/model/t5_model.h"

namespace tact {
namespace {

T5Config SmallConfig() {
  T5Config config;
  config.vocab_size = 40;
  config.d_model = 16;
  config.d_kv = 4;
  config.d_ff = 32;
  config.num_layers = config.num_decoder_layers = 2;
  config.num_heads = 4;
  return config;
}

TEST(MimeticInitTest, HeadsPassOnWhatTheyLookAt) {
  const auto model = T5Model::Create(SmallConfig(), 1, {.mimetic = true});
  ASSERT_TRUE(model.ok()) << model.status();
  for (const std::string layer :
       {"encoder.block.1.layer.0.SelfAttention", "decoder.block.0.layer.1.EncDecAttention"}) {
    const auto& v = (*model)->parameters().At(layer + ".v.weight");
    const auto& o = (*model)->parameters().At(layer + ".o.weight");
    EXPECT_TRUE(at::allclose(at::matmul(o, v), at::eye(16) * 0.5, 1e-5, 1e-5)) << layer;
  }
}

TEST(MimeticInitTest, SeedDecidesAndPlainInitIsUntouched) {
  const auto a = T5Model::Create(SmallConfig(), 1, {.mimetic = true});
  const auto b = T5Model::Create(SmallConfig(), 1, {.mimetic = true});
  const auto plain = T5Model::Create(SmallConfig(), 1, {.mimetic = false});
  const std::string name = "decoder.block.1.layer.1.EncDecAttention.k.weight";
  EXPECT_TRUE(at::equal((*a)->parameters().At(name), (*b)->parameters().At(name)));
  EXPECT_FALSE(at::equal((*a)->parameters().At(name), (*plain)->parameters().At(name)));
}

TEST(MimeticInitTest, FirstHeadsLookAtTheirNeighbours) {
  const auto model = T5Model::Create(SmallConfig(), 1, {.mimetic = true});
  const auto& bias = (*model)->parameters().At(
      "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight");
  EXPECT_EQ(bias[1][0].item<float>(), 5.0f);   // bucket 1: the token before
  EXPECT_EQ(bias[17][1].item<float>(), 5.0f);  // 16 + 1: the token after
  EXPECT_EQ(bias[0][0].item<float>(), 0.0f);
}

}  // namespace
}  // namespace tact

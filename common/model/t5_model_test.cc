#include "common/model/t5_model.h"

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "common/model/losses.h"
#include "common/model/test_support.h"

namespace tact {
namespace {

T5Config TinyConfig() {
  T5Config config;
  config.vocab_size = 30;
  config.d_model = 8;
  config.d_kv = 4;
  config.d_ff = 16;
  config.num_heads = 2;
  config.num_layers = config.num_decoder_layers = 2;
  config.dropout_rate = 0.0;
  return config;
}

std::unique_ptr<T5Model> LoadFixture(const std::string& name) {
  auto model = T5Model::Load(Fixture(name));
  EXPECT_TRUE(model.ok()) << model.status();
  return *std::move(model);
}

class T5ReferenceTest : public testing::TestWithParam<std::string> {};

TEST_P(T5ReferenceTest, ForwardEqualsTransformers) {
  const auto model = LoadFixture(GetParam());
  const ParameterMap expected = Expected(GetParam());
  const at::Tensor& labels = expected.At("labels");
  const T5Output out =
      model->Forward(expected.At("ids"), expected.At("mask"), model->ShiftRight(labels));
  ExpectClose(out.encoder_states, expected.At("encoder_states"), kForwardTolerance, "encoder");
  ExpectClose(out.hidden, expected.At("hidden"), kForwardTolerance, "hidden");
  ExpectClose(out.logits, expected.At("logits"), kForwardTolerance, "logits");
  ExpectClose(CrossEntropy(out.logits, labels), expected.At("loss"), kForwardTolerance, "loss");
}

TEST_P(T5ReferenceTest, EveryGradientEqualsTransformers) {
  const auto model = LoadFixture(GetParam());
  const ParameterMap expected = Expected(GetParam());
  const at::Tensor& labels = expected.At("labels");
  const T5Output out =
      model->Forward(expected.At("ids"), expected.At("mask"), model->ShiftRight(labels));
  CrossEntropy(out.logits, labels).backward();
  for (const NamedTensor& item : model->parameters().items()) {
    const at::Tensor* gradient = expected.Find("grad." + item.name);
    ASSERT_NE(gradient, nullptr) << item.name;
    ASSERT_TRUE(item.tensor.grad().defined()) << item.name;
    ExpectClose(item.tensor.grad(), *gradient, kGradientTolerance, item.name);
  }
}

TEST_P(T5ReferenceTest, SavedFolderLoadsBitEqual) {
  const auto model = LoadFixture(GetParam());
  const TemporaryFolder folder;
  ASSERT_TRUE(model->Save(folder.path()).ok());
  const auto again = T5Model::Load(folder.path());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->config(), model->config());
  for (const NamedTensor& item : model->parameters().items()) {
    EXPECT_TRUE(SameBits((*again)->parameters().At(item.name), item.tensor)) << item.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, T5ReferenceTest, testing::Values("t5_gated", "t5_relu"));

TEST(T5ModelTest, PaddingChangesNothing) {
  const auto model = T5Model::Create(TinyConfig(), 1);
  ASSERT_TRUE(model.ok());
  const at::Tensor ids = at::randint(2, 30, {1, 6}, at::kLong);
  const at::Tensor padded = at::cat({ids, at::zeros({1, 3}, at::kLong)}, 1);
  const at::Tensor mask = padded.ne(0);
  const at::Tensor decoder_ids = at::zeros({1, 1}, at::kLong);
  const at::Tensor alone = (*model)->Forward(ids, {}, decoder_ids).logits;
  ExpectClose((*model)->Forward(padded, mask, decoder_ids).logits, alone, 1e-5, "logits");
}

TEST(T5ModelTest, LaterTokensDoNotChangeEarlierLogits) {
  const auto model = T5Model::Create(TinyConfig(), 1);
  ASSERT_TRUE(model.ok());
  const at::Tensor ids = at::randint(2, 30, {2, 6}, at::kLong);
  const at::Tensor decoder_ids = at::randint(2, 30, {2, 7}, at::kLong);
  const at::Tensor whole = (*model)->Forward(ids, {}, decoder_ids).logits;
  const at::Tensor part = (*model)->Forward(ids, {}, decoder_ids.narrow(1, 0, 4)).logits;
  ExpectClose(part, whole.narrow(1, 0, 4), 1e-5, "logits");
}

TEST(T5ModelTest, TheSeedFixesWeightsAndDropout) {
  T5Config config = TinyConfig();
  config.dropout_rate = 0.2;
  const auto run = [&](uint64_t seed, uint64_t dropout_seed) {
    const auto model = T5Model::Create(config, seed);
    (*model)->SetTraining(true);
    (*model)->SeedDropout(dropout_seed);
    const at::Tensor ids = at::arange(2, 8, at::kLong).unsqueeze(0);
    return (*model)->Forward(ids, {}, ids).logits;
  };
  EXPECT_TRUE(SameBits(run(1, 5), run(1, 5)));
  EXPECT_FALSE(SameBits(run(1, 5), run(1, 6)));
  EXPECT_FALSE(SameBits(run(1, 5), run(2, 5)));
}

TEST(T5ModelTest, InitialisationHasTheSizesOfTransformers) {
  T5Config config = TinyConfig();
  config.d_model = 64;
  config.d_kv = 16;
  config.num_heads = 4;
  config.d_ff = 256;
  config.vocab_size = 1000;
  config.tie_word_embeddings = false;
  const auto model = T5Model::Create(config, 3, {.scaled_lm_head = false, .mimetic = false});
  const std::string attention = "encoder.block.0.layer.0.SelfAttention.";
  const std::vector<std::pair<std::string, double>> cases = {
      {"shared.weight", 1.0},
      {"lm_head.weight", 1.0},
      {attention + "q.weight", 1.0 / 32},
      {attention + "k.weight", 1.0 / 8},
      {attention + "o.weight", 1.0 / 8},
      {"decoder.block.1.layer.2.DenseReluDense.wi.weight", 1.0 / 8},
      {"decoder.block.1.layer.2.DenseReluDense.wo.weight", 1.0 / 16}};
  for (const auto& [name, deviation] : cases) {
    const double found = (*model)->parameters().At(name).std().item<double>();
    EXPECT_NEAR(found / deviation, 1.0, 0.05) << name;
  }
  EXPECT_EQ((*model)->parameters().At("decoder.final_layer_norm.weight").min().item<float>(), 1.0f);
}

TEST(T5ModelTest, LabelsShiftRight) {
  const auto model = T5Model::Create(TinyConfig(), 1);
  at::Tensor labels = at::empty({1, 4}, at::kLong);
  const std::vector<int64_t> values = {7, 8, -100, -100}, shifted = {0, 7, 8, 0};
  std::copy(values.begin(), values.end(), labels.data_ptr<int64_t>());
  const at::Tensor ids = (*model)->ShiftRight(labels);
  EXPECT_EQ(std::vector<int64_t>(ids.data_ptr<int64_t>(), ids.data_ptr<int64_t>() + 4), shifted);
}

TEST(T5ModelTest, NumberOfParametersIsThatOfTheConfig) {
  for (const bool tied : {true, false}) {
    T5Config config = TinyConfig();
    config.tie_word_embeddings = tied;
    config.gated = !tied;
    const auto model = T5Model::Create(config, 1);
    EXPECT_EQ((*model)->parameters().num_elements(), config.num_parameters());
  }
}

TEST(RelativePositionBucketTest, Table) {
  struct Case {
    int64_t position;
    bool bidirectional;
    int64_t bucket;
  };
  // T5Attention._relative_position_bucket with 32 buckets and distance 128.
  const std::vector<Case> cases = {
      {0, true, 0},     {-7, true, 7},    {7, true, 23},    {-8, true, 8},    {-11, true, 8},
      {-12, true, 9},   {-127, true, 15}, {-500, true, 15}, {500, true, 31},  {3, false, 0},
      {-15, false, 15}, {-16, false, 16}, {-20, false, 17}, {-64, false, 26}, {-1000, false, 31}};
  for (const Case& c : cases) {
    EXPECT_EQ(RelativePositionBucket(c.position, c.bidirectional, 32, 128), c.bucket)
        << c.position << " " << c.bidirectional;
  }
}

}  // namespace
}  // namespace tact

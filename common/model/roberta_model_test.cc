#include "common/model/roberta_model.h"

#include <gtest/gtest.h>

#include "common/model/losses.h"
#include "common/model/test_support.h"

namespace tact {
namespace {

TEST(RobertaModelTest, LogitsLossAndEveryGradientEqualTransformers) {
  const auto model = RobertaModel::Load(Fixture("roberta"));
  ASSERT_TRUE(model.ok()) << model.status();
  const ParameterMap expected = Expected("roberta");
  const at::Tensor logits = (*model)->Forward(expected.At("ids"), expected.At("mask"));
  const at::Tensor loss = CrossEntropy(logits, expected.At("labels"));
  ExpectClose(logits, expected.At("logits"), kForwardTolerance, "logits");
  ExpectClose(loss, expected.At("loss"), kForwardTolerance, "loss");
  loss.backward();
  for (const NamedTensor& item : (*model)->parameters().items()) {
    const at::Tensor* gradient = expected.Find("grad." + item.name);
    ASSERT_NE(gradient, nullptr) << item.name;
    // A key's bias shifts all scores of a query alike: its true gradient is 0, and noise remains.
    if (item.name.ends_with("self.key.bias")) {
      EXPECT_LE(item.tensor.grad().abs().max().item<double>(), 1e-6) << item.name;
    } else {
      ExpectClose(item.tensor.grad(), *gradient, kGradientTolerance, item.name);
    }
  }
}

TEST(RobertaModelTest, SavedFolderLoadsBitEqual) {
  const auto model = RobertaModel::Load(Fixture("roberta"));
  const TemporaryFolder folder;
  ASSERT_TRUE((*model)->Save(folder.path()).ok());
  const auto again = RobertaModel::Load(folder.path());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->config(), (*model)->config());
  for (const NamedTensor& item : (*model)->parameters().items()) {
    EXPECT_TRUE(SameBits((*again)->parameters().At(item.name), item.tensor)) << item.name;
  }
}

TEST(RobertaModelTest, CreatedModelHasTheConfigsSize) {
  const RobertaConfig config = *RobertaConfig::Load(Fixture("roberta"));
  const auto model = RobertaModel::Create(config, 1);
  ASSERT_TRUE(model.ok());
  EXPECT_EQ((*model)->parameters().num_elements(), config.num_parameters());
  const at::Tensor& words = (*model)->parameters().At("roberta.embeddings.word_embeddings.weight");
  EXPECT_EQ(words.select(0, 1).abs().max().item<float>(), 0.0f);  // padding
  EXPECT_NEAR(words.std().item<double>(), 0.02, 0.002);
}

TEST(RobertaModelTest, PaddingChangesNothing) {
  const auto model = RobertaModel::Load(Fixture("roberta"));
  const at::Tensor ids = at::randint(3, 40, {1, 6}, at::kLong);
  const at::Tensor padded = at::cat({ids, at::ones({1, 4}, at::kLong)}, 1);
  const at::Tensor alone = (*model)->Forward(ids, {});
  ExpectClose((*model)->Forward(padded, padded.ne(1)), alone, 1e-5, "logits");
}

RobertaConfig SmallBert() {
  RobertaConfig config = *RobertaConfig::Load(Fixture("roberta"));
  config.family = EncoderFamily::kBert;
  config.pad_token_id = 0;
  config.type_vocab_size = 2;
  config.labels = {"calm", "rude", "unsure", "odd", "other"};
  return config;
}

TEST(BertModelTest, SavedFolderLoadsBitEqual) {
  const auto model = RobertaModel::Create(SmallBert(), 1);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->parameters().num_elements(), SmallBert().num_parameters());
  const TemporaryFolder folder;
  ASSERT_TRUE((*model)->Save(folder.path()).ok());
  const auto again = RobertaModel::Load(folder.path());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->config(), SmallBert());
  for (const NamedTensor& item : (*model)->parameters().items()) {
    EXPECT_TRUE(SameBits((*again)->parameters().At(item.name), item.tensor)) << item.name;
  }
}

TEST(BertModelTest, TypesCountAndPaddingDoesNot) {
  const auto model = RobertaModel::Create(SmallBert(), 1).value();
  const at::Tensor ids = at::randint(3, 40, {1, 6}, at::kLong);
  const at::Tensor padded = at::cat({ids, at::zeros({1, 4}, at::kLong)}, 1);
  const at::Tensor alone = model->Forward(ids, {});
  EXPECT_EQ(alone.sizes(), (std::vector<int64_t>{1, 5}));
  ExpectClose(model->Forward(padded, padded.ne(0)), alone, 1e-5, "logits");
  EXPECT_TRUE(SameBits(model->Forward(ids, {}, at::zeros_like(ids)), alone));
  EXPECT_GT(RelativeError(model->Forward(ids, {}, at::ones_like(ids)), alone), 1e-3);
}

TEST(BertModelTest, EveryWeightLearns) {
  const auto model = RobertaModel::Create(SmallBert(), 1).value();
  const at::Tensor ids = at::randint(1, 40, {3, 6}, at::kLong);
  const at::Tensor labels = at::zeros({3}, at::kLong);
  CrossEntropy(model->Forward(ids, {}, ids.remainder(2)), labels).backward();
  for (const NamedTensor& item : model->parameters().items()) {
    ASSERT_TRUE(item.tensor.grad().defined()) << item.name;
    if (item.name.ends_with("self.key.bias")) continue;  // its true gradient is 0
    EXPECT_GT(item.tensor.grad().abs().max().item<double>(), 0.0) << item.name;
  }
}

}  // namespace
}  // namespace tact

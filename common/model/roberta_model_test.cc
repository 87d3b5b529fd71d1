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

}  // namespace
}  // namespace tact

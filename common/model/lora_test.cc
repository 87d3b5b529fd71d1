#include "common/model/lora.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/model/losses.h"
#include "common/model/t5_model.h"
#include "common/model/test_support.h"

namespace tact {
namespace {

using testing::HasSubstr;

std::unique_ptr<T5Model> Base() { return *T5Model::Load(Fixture("t5_gated")); }

at::Tensor Logits(const T5Model& model, const ParameterMap& in) {
  return model.Forward(in.At("ids"), in.At("mask"), model.ShiftRight(in.At("labels"))).logits;
}

TEST(LoraTest, LogitsOnOffAndMergedEqualPeft) {
  const auto model = Base();
  const ParameterMap expected = Expected("lora");
  auto adapter = LoraAdapter::Load(*model, Fixture("lora"));
  ASSERT_TRUE(adapter.ok()) << adapter.status();
  ExpectClose(Logits(*model, expected), expected.At("on"), kForwardTolerance, "on");
  {
    const ScopedAdapterOff off(adapter->get());
    ExpectClose(Logits(*model, expected), expected.At("off"), kForwardTolerance, "off");
  }
  ExpectClose(Logits(*model, expected), expected.At("on"), kForwardTolerance, "on again");
  (*adapter)->MergeIntoBase();
  ExpectClose(Logits(*model, expected), expected.At("merged"), kForwardTolerance, "merged");
}

TEST(LoraTest, GradientsEqualPeftAndTheBaseGetsNone) {
  const auto model = Base();
  const ParameterMap expected = Expected("lora");
  const auto adapter = LoraAdapter::Load(*model, Fixture("lora"));
  ASSERT_TRUE(adapter.ok()) << adapter.status();
  const at::Tensor loss = CrossEntropy(Logits(*model, expected), expected.At("labels"));
  ExpectClose(loss, expected.At("loss"), kForwardTolerance, "loss");
  loss.backward();
  for (const NamedTensor& item : (*adapter)->Weights()) {
    ExpectClose(item.tensor.grad(), expected.At("grad." + item.name), kGradientTolerance,
                item.name);
  }
  for (const NamedTensor& item : model->parameters().items()) {
    EXPECT_FALSE(item.tensor.grad().defined()) << item.name;
  }
}

TEST(LoraTest, EffectiveWeightsComputeWhatTheAdapterDoes) {
  const auto model = Base(), merged = Base();
  const ParameterMap expected = Expected("lora");
  const auto adapter = LoraAdapter::Load(*model, Fixture("lora"));
  ParameterMap weights;
  for (NamedTensor& item : model->EffectiveWeights()) weights.Add(item.name, item.tensor);
  ASSERT_TRUE(merged->CopyWeights(weights).ok());
  ExpectClose(Logits(*merged, expected), expected.At("on"), kForwardTolerance, "effective");
}

TEST(LoraTest, FreshAdapterChangesNothingAndCountsAsPeft) {
  const auto model = Base();
  const ParameterMap in = Expected("lora");
  const at::Tensor before = Logits(*model, in);
  const int64_t base = model->parameters().num_elements();
  const auto adapter = LoraAdapter::Attach(*model, {.r = 2, .alpha = 6, .dropout = 0.1}, 1);
  ASSERT_TRUE(adapter.ok());
  EXPECT_TRUE(SameBits(Logits(*model, in), before));
  // 6 attentions, q and v, each 2 x 12 and 15 x 2.
  const ParameterCount count = CountParameters(*model);
  EXPECT_EQ(count.trainable, 6 * 2 * (2 * 12 + 15 * 2));
  EXPECT_EQ(count.total, base + count.trainable);
  EXPECT_THAT(count.ToString(), HasSubstr("trainable params: 648 || all params: "));
  EXPECT_EQ(TrainableParameters(*model).size(), 24u);
}

TEST(LoraTest, SavedAdapterLoadsBitEqual) {
  const auto model = Base();
  auto adapter = LoraAdapter::Load(*model, Fixture("lora"));
  const TemporaryFolder folder;
  ASSERT_TRUE((*adapter)->Save(folder.path()).ok());
  const std::vector<NamedTensor> weights = (*adapter)->Weights();
  const LoraConfig config = (*adapter)->config();
  adapter->reset();  // a model holds one adapter at a time
  const auto again = LoraAdapter::Load(*model, folder.path());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->config().ToJson(), config.ToJson());
  for (size_t i = 0; i < weights.size(); ++i) {
    EXPECT_TRUE(SameBits((*again)->Weights()[i].tensor, weights[i].tensor)) << weights[i].name;
  }
}

TEST(LoraTest, DropoutActsOnlyInTraining) {
  const auto model = Base();
  const ParameterMap in = Expected("lora");
  auto adapter = LoraAdapter::Attach(*model, {.r = 2, .alpha = 6, .dropout = 0.5}, 1);
  ParameterMap weights = *ReadTensors(Fixture("lora") / "adapter_model.safetensors");
  ASSERT_TRUE((*adapter)->CopyWeights(weights.items()).ok());
  ExpectClose(Logits(*model, in), in.At("on"), kForwardTolerance, "evaluation");
  model->SetTraining(true);
  EXPECT_FALSE(SameBits(Logits(*model, in), Logits(*model, in)));
}

TEST(LoraTest, ErrorsNameTheThing) {
  const auto model = Base();
  EXPECT_THAT(LoraAdapter::Attach(*model, {.target_modules = {"qq"}}, 1).status().ToString(),
              HasSubstr("target_modules: the model has no linear layer of that name, found qq; "
                        "it has k, lm_head, o, q, v, wi_0, wi_1, wo"));
  EXPECT_THAT(LoraAdapter::Load(*model, Fixture("t5_relu")).status().ToString(),
              HasSubstr("adapter_config.json"));
  const auto adapter = LoraAdapter::Attach(*model, {}, 1);
  EXPECT_THAT(LoraAdapter::Attach(*model, {}, 1).status().ToString(),
              HasSubstr("has an adapter already"));
}

TEST(LoraTest, ConfigRefusesWhatIsNotSupported) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"peft_type": "PREFIX_TUNING"})", "peft_type"},
      {R"({"bias": "some"})", "bias"},
      {R"({"r": 0})", "r"},
      {R"({"target_modules": 3})", "target_modules"},
      {R"({"modules_to_save": "classifier"})", "modules_to_save"},
      {R"({"fan_in_fan_out": true})", "fan_in_fan_out"},
      {"[]", "expected a JSON object"}};
  for (const auto& [json, word] : cases) {
    const auto config = LoraConfig::FromJson(json);
    EXPECT_FALSE(config.ok()) << json;
    EXPECT_THAT(config.status().ToString(), HasSubstr(word)) << json;
  }
}

TEST(LoraTest, ConfigSurvivesItsJson) {
  const std::vector<LoraConfig> configs = {
      {},
      {.r = 4, .alpha = 16.5, .dropout = 0.1, .target_modules = {"k", "wo"}},
      {.target_pattern = ".*Attention\\.(q|v)", .bias = LoraBias::kAll},
      {.bias = LoraBias::kLoraOnly, .modules_to_save = {"lm_head"}, .task_type = "SEQ_CLS"}};
  for (const LoraConfig& config : configs) {
    const auto again = LoraConfig::FromJson(config.ToJson());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, config) << config.ToJson();
  }
}

std::set<std::string> Linears(const LoraConfig& config) {
  return FindLoraTargets(*Base(), config).value().linears;
}

TEST(LoraTest, AListNamesEndsAndAPatternWholeNames) {
  const auto ends_with_o = Linears({.target_modules = {"o"}});
  EXPECT_TRUE(ends_with_o.contains("encoder.block.0.layer.0.SelfAttention.o"));
  EXPECT_TRUE(ends_with_o.contains("encoder.block.0.layer.1.DenseReluDense.wo"));
  EXPECT_EQ(Linears({.target_pattern = "encoder\\.block\\.0.*\\.q"}),
            std::set<std::string>{"encoder.block.0.layer.0.SelfAttention.q"});
}

TEST(LoraTest, TargetsThatCannotBeMetAreErrors) {
  const std::vector<std::pair<LoraConfig, std::string>> cases = {
      {{.target_pattern = "q"}, "target_pattern: the model has no linear layer"},
      {{.target_pattern = "(?=q)"}, "RE2's syntax"},
      {{.target_modules = {"shared"}}, "takes shared, which is not linear"},
      {{.target_modules = {}}, "no layer is named"},
      {{.target_modules = {"lm_head"}, .modules_to_save = {"lm_head"}}, "needs no adapter"},
      {{.modules_to_save = {"pooler"}}, "modules_to_save: the model has no weights"},
      {{.modules_to_save = {"shared"}}, "is shared by encoder and decoder"}};
  for (const auto& [config, words] : cases) {
    EXPECT_THAT(FindLoraTargets(*Base(), config).status().ToString(), HasSubstr(words));
  }
}

TEST(LoraTest, BiasAllTrainsThePositionBiasOfT5) {
  const auto model = Base();
  const auto adapter = LoraAdapter::Attach(*model, {.bias = LoraBias::kAll}, 1).value();
  size_t biases = 0;
  for (const NamedTensor& item : adapter->Weights()) {
    biases += item.name.ends_with("relative_attention_bias.weight") ? 1 : 0;
    EXPECT_TRUE(item.tensor.requires_grad()) << item.name;
  }
  EXPECT_EQ(biases, 2u);
}

TEST(LoraTest, WholeModulesAreSavedLoadedAndGivenBack) {
  const auto model = Base();
  const at::Tensor head = model->parameters().At("lm_head.weight");
  const at::Tensor before = head.detach().clone();
  auto adapter = LoraAdapter::Attach(*model, {.modules_to_save = {"lm_head"}}, 1).value();
  head.detach().add_(1.0);
  const at::Tensor trained = head.detach().clone();
  const TemporaryFolder folder;
  ASSERT_TRUE(adapter->Save(folder.path()).ok());
  adapter.reset();
  EXPECT_TRUE(SameBits(head.detach(), before));
  adapter = LoraAdapter::Load(*model, folder.path()).value();
  EXPECT_TRUE(SameBits(head.detach(), trained));
  adapter->MergeIntoBase();
  adapter.reset();
  EXPECT_TRUE(SameBits(head.detach(), trained));
}

}  // namespace
}  // namespace tact

// T5 forward, losses and gradients of the trainable model, and the engine's step logits.
#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <set>

#include "common/model/losses.h"
#include "common/model/t5_model.h"
#include "tests/golden/engine_logits.h"
#include "tests/golden/reference.h"
#include "tests/golden/tensors.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;

struct Golden {
  explicit Golden(const std::string& name)
      : json(ReadJson("t5/" + name + ".json")),
        tensors(ReadTensors("t5/" + name + ".safetensors")),
        folder(ReferenceFolder() / "models" / json["model"].get<std::string>()) {}

  at::Tensor Float(const std::string& key) const { return FloatTensor(tensors, key); }
  at::Tensor Long(const std::string& key) const { return LongTensor(tensors, key); }

  Json json;
  SafeTensors tensors;
  std::filesystem::path folder;
};

class GoldenT5 : public ::testing::TestWithParam<const char*> {
 protected:
  GoldenT5() : golden_(GetParam()), model_(T5Model::Load(golden_.folder).value()) {}

  T5Output Forward(const at::Tensor& labels) const {
    return model_->Forward(golden_.Long("input_ids"), golden_.Long("attention_mask"),
                           model_->ShiftRight(labels));
  }
  // Loss against `labels`, and gradients of every weight against those recorded under `prefix`.
  void ExpectLossAndGradients(const at::Tensor& labels, double expected_loss,
                              const std::string& prefix) {
    const at::Tensor loss = CrossEntropy(Forward(labels).logits, labels);
    EXPECT_NEAR(loss.item<double>(), expected_loss, kForward * expected_loss) << prefix;
    std::set<std::string> recorded;
    for (const std::string& name : golden_.tensors.names()) {
      if (name.starts_with(prefix)) recorded.insert(name.substr(prefix.size()));
    }
    if (recorded.empty()) return;
    loss.backward();
    for (const NamedTensor& weight : model_->parameters().items()) {
      ASSERT_EQ(recorded.erase(weight.name), 1u) << weight.name;
      ExpectClose(weight.tensor.grad(), golden_.Float(prefix + weight.name), kGradient,
                  prefix + weight.name);
      weight.tensor.mutable_grad().reset();
    }
    EXPECT_TRUE(recorded.empty()) << *recorded.begin();
  }

  Golden golden_;
  std::unique_ptr<T5Model> model_;
};

TEST_P(GoldenT5, EncoderStatesAndLogits) {
  const at::NoGradGuard no_grad;
  const T5Output out = Forward(golden_.Long("labels"));
  ExpectClose(out.encoder_states, golden_.Float("encoder_last_hidden_state"), kForward, "encoder");
  const at::Tensor at = golden_.Long("logits_at");
  const at::Tensor logits = out.logits.index({at.select(1, 0), at.select(1, 1)});
  ExpectClose(logits, golden_.Float("logits"), kForward, "logits");
}

TEST_P(GoldenT5, LossesAndEveryGradient) {
  ExpectLossAndGradients(golden_.Long("labels_ignored"), golden_.json["loss_ignored"],
                         "grad_ignored.");
  ExpectLossAndGradients(golden_.Long("labels"), golden_.json["loss_pad"], "grad_pad.");
}

TEST_P(GoldenT5, FullForwardGivesTheStepLogits) {
  const at::NoGradGuard no_grad;
  const int64_t rows = golden_.json["step_rows"];
  const T5Output out =
      model_->Forward(golden_.Long("input_ids").narrow(0, 0, rows),
                      golden_.Long("attention_mask").narrow(0, 0, rows), golden_.Long("step_ids"));
  ExpectClose(out.logits.transpose(0, 1), golden_.Float("step_logits"), kForward, "steps");
}

TEST_P(GoldenT5, EngineGivesTheStepLogitsOneTokenAtATime) {
  const auto snapshot =
      BuildSnapshot(model_->config(), TensorSource(Checkpoint::Open(golden_.folder).value()), {})
          .value();
  const auto responses = RecordedSteps(golden_.json, golden_.tensors);
  const auto expected = RowsFirst(Floats(golden_.tensors, "step_logits"), responses.size(),
                                  static_cast<size_t>(model_->config().vocab_size));
  EXPECT_LE(ScaledDifference(EngineLogits(*snapshot, responses, 1), expected), kForward);
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenT5, ::testing::Values("t5_gated_untied", "t5_relu_tied"));

TEST(GoldenT5Share, AllModels) {
  size_t recorded = 0;
  for (const auto& entry : std::filesystem::directory_iterator(ReferenceFolder() / "t5")) {
    recorded += entry.path().extension() == ".json" ? 1 : 0;
  }
  PrintShare("t5", 2, recorded);
  EXPECT_EQ(recorded, 2u);
}

TEST(GoldenModelSizes, ParametersOfEverySizeByConfigAlone) {
  const Json golden = ReadJson("model_sizes.json");
  for (const Json& row : golden["models"]) {
    const T5Config config = T5Config::FromJson(row["config"].dump()).value();
    EXPECT_EQ(config.num_parameters(), row["parameters"].get<int64_t>()) << row["name"];
  }
  PrintShare("model sizes", golden["models"].size(), golden["models"].size());
}

}  // namespace
}  // namespace tact::golden

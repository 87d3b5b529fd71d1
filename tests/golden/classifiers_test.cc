// RoBERTa and BERT classifiers: logits and losses of the trainable model, and the reward engine's.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "common/model/losses.h"
#include "common/model/roberta_model.h"
#include "services/reward/classifier.h"
#include "tests/golden/reference.h"
#include "tests/golden/tensors.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;
using IdRows = std::vector<std::vector<int32_t>>;

constexpr double kClassifierTolerance = 2e-5;  // of each tensor's scale

// One case of a model's file.
struct ClassifierCase {
  const SafeTensors& tensors;
  std::string key;
  std::vector<std::string> inputs;

  ClassifierCase(const SafeTensors& tensors, const Json& json)
      : tensors(tensors),
        key(json["name"].get<std::string>() + "."),
        inputs(json["inputs"].get<std::vector<std::string>>()) {}

  bool Has(const std::string& input) const { return std::ranges::count(inputs, input) > 0; }
  // Undefined where the reference was not given it either.
  at::Tensor Input(const std::string& input) const {
    return Has(input) ? LongTensor(tensors, key + input) : at::Tensor();
  }
  // IdRows as the engine takes them: without what the mask leaves out.
  IdRows Unpadded(const std::string& input) const {
    const std::vector<int32_t> values = Ids(tensors, key + input);
    const std::vector<int64_t> shape = Shape(tensors, key + input);
    IdRows rows;
    for (int64_t row = 0; row < shape[0]; ++row) {
      const auto begin = values.begin() + row * shape[1];
      rows.emplace_back(begin, begin + Length(row, shape[1]));
    }
    return rows;
  }

 private:
  int64_t Length(int64_t row, int64_t width) const {
    if (!Has("attention_mask")) return width;
    const std::vector<int32_t> mask = Ids(tensors, key + "attention_mask");
    const auto begin = mask.begin() + row * width;
    const int64_t length = std::count(begin, begin + width, 1);
    EXPECT_EQ(std::count(begin, begin + length, 1), length) << "padding is at the end";
    return length;
  }
};

void ExpectTrainable(const RobertaModel& model, const ClassifierCase& c, double expected_loss) {
  const at::NoGradGuard no_grad;
  const at::Tensor logits =
      model.Forward(c.Input("input_ids"), c.Input("attention_mask"), c.Input("token_type_ids"));
  ExpectClose(logits, FloatTensor(c.tensors, c.key + "logits"), kClassifierTolerance, c.key);
  const at::Tensor loss = CrossEntropy(logits, LongTensor(c.tensors, c.key + "labels"));
  EXPECT_NEAR(loss.item<double>(), expected_loss, kClassifierTolerance * expected_loss) << c.key;
}

void ExpectEngine(const Classifier& classifier, const ClassifierCase& c) {
  const IdRows ids = c.Unpadded("input_ids");
  const IdRows types = c.Has("token_type_ids") ? c.Unpadded("token_type_ids") : IdRows();
  const std::vector<TokenSpan> texts(ids.begin(), ids.end()), spans(types.begin(), types.end());
  Classifier::Workspace workspace;
  const std::vector<float> logits = classifier.Forward(texts, workspace, spans);
  EXPECT_LE(ScaledDifference(logits, Floats(c.tensors, c.key + "logits")), kClassifierTolerance)
      << c.key;
}

TEST(GoldenClassifiers, LogitsAndLossOfEveryCase) {
  size_t used = 0;
  for (const std::string name : {"roberta_2", "roberta_4", "bert_3"}) {
    SCOPED_TRACE(name);
    const Json golden = ReadJson("classifiers/" + name + ".json");
    const SafeTensors tensors = ReadTensors("classifiers/" + name + ".safetensors");
    const auto folder = ReferenceFolder() / "models" / golden["model"].get<std::string>();
    const auto model = RobertaModel::Load(folder);
    ASSERT_TRUE(model.ok()) << model.status();
    const auto classifier = Classifier::Load(folder);
    ASSERT_TRUE(classifier.ok()) << classifier.status();
    for (const Json& json : golden["cases"]) {
      const ClassifierCase c(tensors, json);
      ExpectTrainable(**model, c, json["loss"]);
      ExpectEngine(**classifier, c);
      ++used;
    }
  }
  const size_t total = ReadJson("meta.json")["cases"]["classifiers"];
  PrintShare("classifiers", used, total);
  EXPECT_EQ(used, total);
}

TEST(GoldenClassifiers, LabelsAreThoseOfConfigJson) {
  for (const auto& [name, count] :
       std::map<std::string, int64_t>{{"roberta_4", 4}, {"bert_3", 3}}) {
    const auto config = RobertaConfig::Load(ReferenceFolder() / "models" / name).value();
    EXPECT_EQ(config.num_labels(), count);
    EXPECT_EQ(config.labels[1], "rude");
  }
}

}  // namespace
}  // namespace tact::golden

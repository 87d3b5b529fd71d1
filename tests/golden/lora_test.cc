// LoRA against peft: logits on, off and merged, gradients, counts, several adapters on one base.
#include "common/model/lora.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <functional>

#include "common/base/status.h"
#include "common/model/losses.h"
#include "common/model/roberta_model.h"
#include "common/model/t5_model.h"
#include "tests/golden/reference.h"
#include "tests/golden/tensors.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;

std::filesystem::path AdapterFolder(const std::string& name) {
  return ReferenceFolder() / "adapters" / name;
}

// A recorded run of one adapter on its base, which may be of either kind.
class Recorded {
 public:
  explicit Recorded(const std::string& name)
      : json_(ReadJson("lora/" + name + ".json")),
        tensors_(golden::ReadTensors("lora/" + name + ".safetensors")) {
    const std::string base = json_["base"];
    const std::filesystem::path folder = ReferenceFolder() / "models" / base;
    if (base.starts_with("t5")) {
      t5_ = T5Model::Load(folder).value();
    } else {
      roberta_ = RobertaModel::Load(folder).value();
    }
  }

  TrainableModel& model() {
    return t5_ != nullptr ? static_cast<TrainableModel&>(*t5_) : *roberta_;
  }
  const Json& json() const { return json_; }
  at::Tensor Labels() const { return LongTensor(tensors_, "input.labels"); }
  at::Tensor Logits() const {
    const at::Tensor ids = LongTensor(tensors_, "input.input_ids");
    const at::Tensor mask = LongTensor(tensors_, "input.attention_mask");
    if (roberta_ != nullptr) return roberta_->Forward(ids, mask);
    return t5_->Forward(ids, mask, t5_->ShiftRight(Labels())).logits;
  }
  void ExpectLogits(const std::string& key) const {
    const at::NoGradGuard no_grad;
    ExpectClose(Logits(), FloatTensor(tensors_, key), kForward, key);
  }
  void ExpectGradients(const LoraAdapter& adapter) const {
    const at::Tensor loss = CrossEntropy(Logits(), Labels());
    const double expected = json_["loss"];
    EXPECT_NEAR(loss.item<double>(), expected, kForward * expected);
    loss.backward();
    std::set<std::string> recorded;
    for (const std::string& name : tensors_.names()) {
      if (name.starts_with("grad.")) recorded.insert(name.substr(5));
    }
    for (const NamedTensor& item : adapter.Weights()) {
      ASSERT_EQ(recorded.erase(item.name), 1u) << item.name;
      const at::Tensor expected_gradient = FloatTensor(tensors_, "grad." + item.name);
      if (IsZeroInExactArithmetic(item.name)) {
        ExpectRoundingNoise(item.tensor.grad(), item.name);
        ExpectRoundingNoise(expected_gradient, item.name);
        continue;
      }
      ExpectClose(item.tensor.grad(), expected_gradient, kGradient, item.name);
    }
    EXPECT_TRUE(recorded.empty()) << *recorded.begin();
  }

 private:
  // A shift of all keys of a query shifts all its scores, which softmax does not see: the gradient
  // of key.bias is zero but for rounding, and has no scale of its own.
  static bool IsZeroInExactArithmetic(const std::string& name) {
    return name.ends_with(".key.bias");
  }
  void ExpectRoundingNoise(const at::Tensor& gradient, const std::string& name) const {
    const double scale = FloatTensor(tensors_, "on").abs().max().item<double>();
    EXPECT_LE(gradient.abs().max().item<double>(), 1e-6 * scale) << name;
  }

  Json json_;
  SafeTensors tensors_;
  std::unique_ptr<T5Model> t5_;
  std::unique_ptr<RobertaModel> roberta_;
};

std::vector<std::string> RunNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(ReferenceFolder() / "lora")) {
    if (entry.path().extension() == ".json" && entry.path().stem() != "several") {
      names.push_back(entry.path().stem());
    }
  }
  return names;
}

void ExpectCounts(const Json& json, const LoraAdapter& adapter) {
  const ParameterCount count = adapter.Count();
  EXPECT_EQ(count.trainable, json["trainable"].get<int64_t>());
  EXPECT_EQ(count.total, json["all"].get<int64_t>());
  EXPECT_EQ(count.Percent(), json["percent"].get<std::string>());
}

TEST(GoldenLora, OnOffMergedGradientsAndCounts) {
  size_t used = 0;
  const std::vector<std::string> names = RunNames();
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    Recorded run(name);
    auto adapter = LoraAdapter::Load(run.model(), AdapterFolder(run.json()["adapter"]));
    ASSERT_TRUE(adapter.ok()) << adapter.status();
    ExpectCounts(run.json(), **adapter);
    run.ExpectLogits("on");
    run.ExpectGradients(**adapter);
    {
      const ScopedAdapterOff off(adapter->get());
      run.ExpectLogits("off");
    }
    (*adapter)->Merge();
    run.ExpectLogits("merged");
    (*adapter)->Unmerge();
    run.ExpectLogits("on");
    (*adapter)->MergeIntoBase();
    run.ExpectLogits("merged");
    ++used;
  }
  PrintShare("lora", used, names.size());
  EXPECT_GE(used, 9u);
}

TEST(GoldenLora, AnAdapterThatIsTakenOffLeavesTheBaseAsItWas) {
  for (const std::string& name : RunNames()) {
    Recorded run(name);
    const at::NoGradGuard no_grad;
    const at::Tensor before = run.Logits();
    auto adapter = LoraAdapter::Load(run.model(), AdapterFolder(run.json()["adapter"]));
    ASSERT_TRUE(adapter.ok()) << adapter.status();
    (*adapter)->Merge();
    adapter->reset();
    EXPECT_TRUE(at::equal(run.Logits(), before)) << name;
  }
}

TEST(GoldenLora, SeveralAdaptersTakeTurnsOnOneBase) {
  Recorded run("several");
  for (const char* turn : {"first", "second", "first"}) {
    const auto adapter = LoraAdapter::Load(run.model(), AdapterFolder(run.json()[turn]));
    ASSERT_TRUE(adapter.ok()) << adapter.status();
    run.ExpectLogits(turn);
  }
  run.ExpectLogits("off");
  PrintShare("lora/several", 1, 1);
}

TEST(GoldenLora, CountsOfTheNotebooksModel) {
  const Json golden = ReadJson("model_sizes.json");
  Json config;
  for (const Json& row : golden["models"]) {
    if (row["name"] == "google/flan-t5-base") config = row["config"];
  }
  const auto model = T5Model::Create(T5Config::FromJson(config.dump()).value(), 0).value();
  for (const Json& row : golden["lora_flan_t5_base_q_v"]) {
    const auto adapter = LoraAdapter::Attach(*model, {.r = row["r"]}, 0).value();
    ExpectCounts(row, *adapter);
  }
  PrintShare("lora_flan_t5_base_q_v", golden["lora_flan_t5_base_q_v"].size(),
             golden["lora_flan_t5_base_q_v"].size());
}

}  // namespace
}  // namespace tact::golden

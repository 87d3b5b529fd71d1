// Six steps of supervised training: the loop of full and lora jobs replays the recorded batches.
#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/model/lora.h"
#include "services/trainer/jobs/spec_defaults.h"
#include "services/trainer/optim/adamw.h"
#include "services/trainer/sft/sft_task.h"
#include "services/trainer/supervised/loop.h"
#include "services/trainer/testing/fake_context.h"
#include "services/trainer/testing/temp_folder.h"
#include "tests/golden/reference.h"
#include "tests/golden/tensors.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;

constexpr double kTraining = 1e-5;

v1::Schedule ReadSchedule(const std::string& type) {
  return type == "linear" ? v1::SCHEDULE_LINEAR : v1::SCHEDULE_CONSTANT;
}

std::string Without(std::string name, const std::string& part) {
  const size_t at = name.find(part);
  return at == std::string::npos ? name : name.erase(at, part.size());
}

// A recorded run, and the model where it started.
class TrainingReplay {
 public:
  explicit TrainingReplay(const std::string& name)
      : name_(name),
        golden_(ReadJson("optimisation/" + name + ".json")),
        tensors_(ReadTensors("optimisation/" + name + ".safetensors")),
        model_(LoadModel()) {
    if (golden_["adapter"].is_null()) {
      model_->SetRequiresGrad(true);
    } else {
      const std::string folder = golden_["adapter"];
      adapter_ = LoraAdapter::Load(*model_, ReferenceFolder() / "adapters" / folder).value();
    }
  }

  void Run() {
    const v1::JobSpec spec = ReadSpec();
    SftTask task(*model_, spec.supervised(), ReadExamples(), {});
    TempFolder folder;
    FakeContext context(spec, folder.path());
    std::vector<double> losses;
    const SupervisedHooks hooks = {.plan = [this](uint64_t) { return Plan(); },
                                   .on_micro_batch = [&](double v) { losses.push_back(v); }};
    CheckGroups(spec);
    const absl::Status status = TrainSupervised(task, context, hooks);
    ASSERT_TRUE(status.ok()) << status;
    CheckNumbers(losses, context.steps);
    CheckWeights();
  }

 private:
  std::unique_ptr<T5Model> LoadModel() const {
    return T5Model::Load(ReferenceFolder() / "models" / golden_["model"].get<std::string>())
        .value();
  }

  // The notebook pads to its limits and hides nothing.
  bool IsPaddedToMax() const { return tensors_.Find("attention_mask") == nullptr; }
  int64_t Parts() const { return Shape(tensors_, "labels")[1]; }
  int64_t Rows() const { return Shape(tensors_, "labels")[2]; }

  v1::JobSpec ReadSpec() const {
    const Json& settings = golden_["settings"];
    v1::JobSpec spec;
    spec.set_kind(adapter_ != nullptr ? v1::JOB_KIND_LORA : v1::JOB_KIND_FULL);
    v1::OptimizerSettings& optimizer = *spec.mutable_optimizer();
    optimizer.set_learning_rate(settings["learning_rate"]);
    optimizer.set_weight_decay(settings["weight_decay"]);
    optimizer.set_max_grad_norm(settings["max_grad_norm"]);
    optimizer.set_warmup_steps(settings["warmup_steps"]);
    optimizer.set_schedule(ReadSchedule(settings["lr_scheduler_type"]));
    optimizer.set_algorithm(settings["optim"] == "adamw_hf" ? v1::OPTIMIZER_ALGORITHM_ADAMW_HF
                                                            : v1::OPTIMIZER_ALGORITHM_ADAMW_TORCH);
    v1::SupervisedSettings& supervised = *spec.mutable_supervised();
    supervised.set_max_steps(golden_["steps"]);
    supervised.set_batch_size(static_cast<uint32_t>(Parts() * Rows()));
    supervised.set_gradient_accumulation_steps(static_cast<uint32_t>(Parts()));
    supervised.set_accumulation(v1::ACCUMULATION_MEAN_OF_MEANS);
    supervised.set_pad_to_max(IsPaddedToMax());
    supervised.set_max_prompt_tokens(static_cast<uint32_t>(Shape(tensors_, "input_ids")[3]));
    supervised.set_max_response_tokens(static_cast<uint32_t>(Shape(tensors_, "labels")[3]));
    FillDefaults(spec);
    return spec;
  }

  // One row of [..., width] ids without its padding, which is 0 or -100.
  static std::vector<int32_t> RowOf(const std::vector<int32_t>& ids, size_t row, size_t width) {
    const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(row * width);
    std::vector<int32_t> out(begin, begin + static_cast<std::ptrdiff_t>(width));
    while (!out.empty() && out.back() <= 0) out.pop_back();
    return out;
  }

  std::vector<SftExample> ReadExamples() const {
    const std::vector<int32_t> prompts = Ids(tensors_, "input_ids"),
                               labels = Ids(tensors_, "labels");
    const auto prompt_width = static_cast<size_t>(Shape(tensors_, "input_ids")[3]);
    const auto label_width = static_cast<size_t>(Shape(tensors_, "labels")[3]);
    std::vector<SftExample> out;
    for (size_t i = 0; i < prompts.size() / prompt_width; ++i) {
      out.push_back({RowOf(prompts, i, prompt_width), RowOf(labels, i, label_width)});
    }
    return out;
  }

  // The examples as they stand: a batch is what one optimiser step sees.
  std::vector<Batch> Plan() const {
    std::vector<Batch> out;
    const auto size = static_cast<uint32_t>(Parts() * Rows());
    for (uint32_t step = 0; step < golden_["steps"].get<uint32_t>(); ++step) {
      Batch& batch = out.emplace_back();
      for (uint32_t i = 0; i < size; ++i) batch.push_back(step * size + i);
    }
    return out;
  }

  // The first group decays, the second does not; together they are what is trained.
  void CheckGroups(const v1::JobSpec& spec) const {
    std::set<std::string> trained, recorded;
    for (const NamedTensor& p : TrainableParameters(*model_)) trained.insert(p.name);
    ASSERT_EQ(golden_["groups"].size(), 2u);
    for (size_t i = 0; i < 2; ++i) {
      const Json& group = golden_["groups"][i];
      EXPECT_EQ(group["betas"][0], spec.optimizer().beta1());
      EXPECT_EQ(group["betas"][1], spec.optimizer().beta2());
      EXPECT_EQ(group["eps"], spec.optimizer().epsilon());
      for (const std::string name : group["names"]) {
        EXPECT_EQ(TakesWeightDecay(name), i == 0) << name_ << " " << name;
        recorded.insert(name);
      }
    }
    EXPECT_EQ(trained, recorded) << name_;
  }

  void ExpectRelative(double found, const Json& expected, const std::string& what) const {
    const double number = expected.get<double>();
    EXPECT_NEAR(found, number, kTraining * std::abs(number)) << name_ << " " << what;
  }

  void CheckNumbers(const std::vector<double>& losses,
                    const std::vector<v1::StepMetrics>& steps) const {
    ASSERT_EQ(losses.size(), golden_["micro_losses"].size()) << name_;
    ASSERT_EQ(steps.size(), golden_["learning_rates"].size()) << name_;
    for (size_t i = 0; i < losses.size(); ++i) {
      ExpectRelative(losses[i], golden_["micro_losses"][i], "loss " + std::to_string(i));
    }
    for (size_t i = 0; i < steps.size(); ++i) {
      const double rate = golden_["learning_rates"][i];
      EXPECT_NEAR(steps[i].learning_rate(), rate, 1e-12 * rate) << name_ << " step " << i;
      ExpectRelative(steps[i].grad_norm(), golden_["gradient_norms"][i],
                     "norm " + std::to_string(i));
    }
  }

  // Every trained weight is recorded, and every recorded one is trained.
  void CheckWeights() const {
    std::set<std::string> found;
    for (const NamedTensor& weight : TrainableParameters(*model_)) {
      const std::string name = "after." + Without(weight.name, ".default");
      ExpectClose(weight.tensor, FloatTensor(tensors_, name), kTraining, name_ + " " + name);
      found.insert(name);
    }
    for (const std::string& name : tensors_.names()) {
      EXPECT_TRUE(!name.starts_with("after.") || found.contains(name)) << name;
    }
  }

  const std::string name_;
  const Json golden_;
  const SafeTensors tensors_;
  const std::unique_ptr<T5Model> model_;
  std::unique_ptr<LoraAdapter> adapter_;
};

std::vector<std::string> TrainingRuns() {
  std::vector<std::string> out;
  for (const auto& entry :
       std::filesystem::directory_iterator(ReferenceFolder() / "optimisation")) {
    if (entry.path().extension() == ".json") out.push_back(entry.path().stem());
  }
  std::ranges::sort(out);
  return out;
}

TEST(GoldenOptimisation, LossesRatesNormsAndWeights) {
  size_t used = 0;
  for (const std::string& name : TrainingRuns()) {
    TrainingReplay(name).Run();
    ++used;
  }
  PrintShare("optimisation", used, ReadJson("meta.json")["cases"]["optimisation"].get<size_t>());
}

}  // namespace
}  // namespace tact::golden

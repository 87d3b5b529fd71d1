// What tact saves, full models and adapters, loads in transformers and peft unchanged: Python
// computes the same logits from it (tests/reference/load_saved.py). $TACT_REFERENCE_PYTHON names
// an interpreter that has them; python3 is tried without it.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "common/base/file.h"
#include "common/model/lora.h"
#include "common/model/roberta_model.h"
#include "common/model/t5_model.h"
#include "common/model/torch_io.h"
#include "tests/golden/reference.h"
#include "tests/golden/tensors.h"

namespace tact::golden {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr double kInteropTolerance = 2e-5;  // of each tensor's scale
constexpr int kMissingPackage = 77;

class Interop : public ::testing::Test {
 protected:
  Interop() {
    std::string pattern = (fs::temp_directory_path() / "tact-interop-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Interop() override { fs::remove_all(folder_); }

  // Saves model and adapter, and keeps inputs and logits, for Python to compute them too.
  void Add(const std::string& name, const TrainableModel& model, const LoraAdapter* adapter,
           const std::vector<NamedTensor>& inputs) {
    SCOPED_TRACE(name);
    const fs::path saved = folder_ / name, adapter_folder = folder_ / (name + ".adapter");
    ASSERT_TRUE(model.Save(saved).ok());
    ASSERT_TRUE(adapter == nullptr || adapter->Save(adapter_folder).ok());
    ASSERT_TRUE(WriteTensors(folder_ / (name + ".inputs.safetensors"), inputs).ok());
    const bool t5 = dynamic_cast<const T5Model*>(&model) != nullptr;
    jobs_.push_back({{"name", name},
                     {"kind", t5 ? "t5" : "classifier"},
                     {"model", saved.string()},
                     {"adapter", adapter == nullptr ? Json() : Json(adapter_folder.string())}});
  }
  // The script's exit code.
  int RunPython() const {
    EXPECT_TRUE(WriteFileAtomically(folder_ / "jobs.json", Json(jobs_).dump()).ok());
    const char* python = std::getenv("TACT_REFERENCE_PYTHON");
    const std::string command = std::string("'") + (python != nullptr ? python : "python3") +
                                "' ../reference/load_saved.py '" + folder_.string() + "'";
    const int status = std::system(command.c_str());
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return code == 127 ? kMissingPackage : code;  // 127: there is no such interpreter
  }
  at::Tensor PythonLogits(const std::string& name) const {
    return FloatTensor(SafeTensors::Open(folder_ / (name + ".logits.safetensors")).value(),
                       "logits");
  }

  fs::path folder_;
  std::vector<Json> jobs_;
};

std::unique_ptr<TrainableModel> LoadReferenceModel(const std::string& name) {
  const fs::path folder = ReferenceFolder() / "models" / name;
  if (DetectModelType(folder).value() == ModelType::kT5) return T5Model::Load(folder).value();
  return RobertaModel::Load(folder).value();
}

at::Tensor LogitsOf(const TrainableModel& model, const std::vector<NamedTensor>& inputs) {
  const at::NoGradGuard no_grad;
  const auto input = [&](const char* name) {
    for (const NamedTensor& item : inputs) {
      if (item.name == name) return item.tensor;
    }
    return at::Tensor();
  };
  if (const auto* t5 = dynamic_cast<const T5Model*>(&model)) {
    return t5->Forward(input("input_ids"), input("attention_mask"), t5->ShiftRight(input("labels")))
        .logits;
  }
  return dynamic_cast<const RobertaModel&>(model).Forward(
      input("input_ids"), input("attention_mask"), input("token_type_ids"));
}

std::vector<NamedTensor> RecordedInputs(const std::string& file, const std::string& prefix) {
  const SafeTensors tensors = ReadTensors(file);
  std::vector<NamedTensor> inputs;
  for (const char* name : {"input_ids", "attention_mask", "token_type_ids", "labels"}) {
    const std::string key = prefix + name;
    if (tensors.Find(key) != nullptr) inputs.push_back({name, LongTensor(tensors, key)});
  }
  return inputs;
}

struct InteropJob {
  std::string name, model, adapter;  // no adapter: ""
  std::vector<NamedTensor> inputs;
};

// Every adapter on its base, and a full model of each kind.
std::vector<InteropJob> InteropJobs() {
  std::vector<InteropJob> runs;
  for (const auto& entry : fs::directory_iterator(ReferenceFolder() / "lora")) {
    const std::string name = entry.path().stem();
    if (entry.path().extension() != ".json" || name == "several") continue;
    const Json json = ReadJson("lora/" + name + ".json");
    const std::string base = json["base"];
    runs.push_back({"lora_" + name, base, json["adapter"],
                    RecordedInputs("lora/" + name + ".safetensors", "input.")});
  }
  for (const char* name : {"t5_gated_untied", "t5_relu_tied"}) {
    runs.push_back(
        {name, name, "", RecordedInputs(std::string("t5/") + name + ".safetensors", "")});
  }
  for (const std::string name : {"roberta_2", "roberta_4"}) {
    runs.push_back(
        {name, name, "", RecordedInputs("classifiers/" + name + ".safetensors", "padded.")});
  }
  runs.push_back(
      {"bert_3", "bert_3", "", RecordedInputs("classifiers/bert_3.safetensors", "types.")});
  return runs;
}

TEST_F(Interop, TransformersAndPeftComputeTheSameFromWhatTactSaves) {
  std::map<std::string, at::Tensor> logits;
  const std::vector<InteropJob> runs = InteropJobs();
  for (const InteropJob& run : runs) {
    const auto model = LoadReferenceModel(run.model);
    std::unique_ptr<LoraAdapter> adapter;
    if (!run.adapter.empty()) {
      adapter = LoraAdapter::Load(*model, ReferenceFolder() / "adapters" / run.adapter).value();
    }
    logits[run.name] = LogitsOf(*model, run.inputs);
    {
      const ScopedAdapterOff off(adapter.get());  // the model's own weights are saved
      Add(run.name, *model, adapter.get(), run.inputs);
    }
  }
  const int code = RunPython();
  if (code == kMissingPackage) {
    GTEST_SKIP() << "no Python with torch, transformers, peft and safetensors; name one in "
                    "TACT_REFERENCE_PYTHON (tests/reference/requirements.txt)";
  }
  ASSERT_EQ(code, 0) << "load_saved.py says what is wrong";
  for (const auto& [name, expected] : logits) {
    ExpectClose(PythonLogits(name), expected, kInteropTolerance, name);
  }
  PrintShare("interop", logits.size(), runs.size());
}

}  // namespace
}  // namespace tact::golden

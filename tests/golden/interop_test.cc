// What tact saves, full models and adapters, loads in transformers and peft unchanged: Python
// computes the same logits from it (tests/reference/load_saved.py). What torch.save writes is read
// or refused (tests/reference/save_forms.py). $TACT_REFERENCE_PYTHON names
// an interpreter that has them; python3 is tried without it.
#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "common/base/file.h"
#include "common/model/lora.h"
#include "common/model/roberta_model.h"
#include "common/model/t5_model.h"
#include "common/model/torch_file.h"
#include "common/model/torch_io.h"
#include "tests/golden/reference.h"
#include "tests/golden/tensors.h"

namespace tact::golden {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr double kInteropTolerance = 2e-5;  // of each tensor's scale
constexpr int kMissingPackage = 77;
constexpr char kNoPython[] =
    "no Python with torch, transformers, peft and safetensors; name one in TACT_REFERENCE_PYTHON "
    "(tests/reference/requirements.txt)";

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
  // The exit code of a script of tests/reference, which gets the folder.
  int RunPython(const std::string& script) const {
    const char* python = std::getenv("TACT_REFERENCE_PYTHON");
    const std::string command = std::string("'") + (python != nullptr ? python : "python3") +
                                "' '../reference/" + script + "' '" + folder_.string() + "'";
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
  ASSERT_TRUE(WriteFileAtomically(folder_ / "jobs.json", Json(jobs_).dump()).ok());
  const int code = RunPython("load_saved.py");
  if (code == kMissingPackage) GTEST_SKIP() << kNoPython;
  ASSERT_EQ(code, 0) << "load_saved.py says what is wrong";
  for (const auto& [name, expected] : logits) {
    ExpectClose(PythonLogits(name), expected, kInteropTolerance, name);
  }
  PrintShare("interop", logits.size(), runs.size());
}

TEST_F(Interop, WhatTorchSavesIsReadOrRefused) {
  const int code = RunPython("save_forms.py");
  if (code == kMissingPackage) GTEST_SKIP() << kNoPython;
  ASSERT_EQ(code, 0);
  const SafeTensors expected = SafeTensors::Open(folder_ / "expected.safetensors").value();
  size_t used = 0;
  for (const auto& [name, view] : expected.tensors()) {
    const size_t dot = name.find('.');
    const auto file = TorchFile::Open(folder_ / (name.substr(0, dot) + ".bin"));
    ASSERT_TRUE(file.ok()) << file.status();
    const auto found = file->tensors().find(name.substr(dot + 1));
    ASSERT_NE(found, file->tensors().end()) << name;
    EXPECT_EQ(found->second.dtype, view.dtype) << name;
    EXPECT_EQ(found->second.shape, view.shape) << name;
    EXPECT_TRUE(std::ranges::equal(found->second.data, view.data)) << name;
    ++used;
  }
  const Json refused = Json::parse(ReadFile(folder_ / "refused.json").value());
  for (const auto& [name, what] : refused.items()) {
    const auto file = TorchFile::Open(folder_ / "refused" / (name + ".bin"));
    EXPECT_THAT(file.status().ToString(), ::testing::HasSubstr(what.get<std::string>())) << name;
    ++used;
  }
  PrintShare("torch_save", used, expected.tensors().size() + refused.size());
}

}  // namespace
}  // namespace tact::golden

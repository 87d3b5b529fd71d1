// Adapters in the serving engine against peft: each alone, and several with the base in one batch.
#include <gtest/gtest.h>

#include "services/policy/adapter_folder.h"
#include "tests/golden/engine_logits.h"
#include "tests/golden/reference.h"
#include "tests/golden/tensors.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;

// A recorded run of T5 adapters, with its base as the engine serves it.
struct ServedRun {
  explicit ServedRun(const std::string& name)
      : json(ReadJson("lora/" + name + ".json")),
        tensors(golden::ReadTensors("lora/" + name + ".safetensors")) {
    const auto folder = ReferenceFolder() / "models" / json["base"].get<std::string>();
    const Checkpoint checkpoint = Checkpoint::Open(folder).value();
    config = T5Config::Load(folder).value();
    snapshot = BuildSnapshot(config, TensorSource(checkpoint), {}).value();
  }

  std::shared_ptr<const Adapter> Load(const std::string& key) const {
    const auto folder = ReferenceFolder() / "adapters" / json[key].get<std::string>();
    const auto loaded = LoadAdapterFolder(folder, config, {});
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return loaded.ok() ? loaded->adapter : nullptr;
  }

  // The recorded prompts and decoder inputs, on `adapter`.
  std::vector<GivenResponse> Inputs(const Adapter* adapter) const {
    const std::vector<int64_t> prompt = Shape(tensors, "input.input_ids");
    const int64_t length = Shape(tensors, "input.labels")[1];
    const auto ids = Ids(tensors, "input.input_ids"), mask = Ids(tensors, "input.attention_mask");
    const auto labels = Ids(tensors, "input.labels");
    std::vector<GivenResponse> rows(static_cast<size_t>(prompt[0]));
    for (int64_t row = 0; row < prompt[0]; ++row) {
      rows[row].adapter = adapter;
      for (int64_t i = row * prompt[1]; i < (row + 1) * prompt[1]; ++i) {
        if (mask[i] == 1) rows[row].prompt.push_back(ids[i]);
      }
      rows[row].inputs.push_back(static_cast<int32_t>(config.decoder_start_token_id));
      for (int64_t i = row * length; i < (row + 1) * length - 1; ++i) {
        rows[row].inputs.push_back(std::max(labels[i], 0));  // -100 is padding, 0
      }
    }
    return rows;
  }

  Json json;
  SafeTensors tensors;
  T5Config config;
  std::shared_ptr<const Snapshot> snapshot;
};

TEST(GoldenAdapters, EachOnAndOff) {
  size_t used = 0, recorded = 0;
  for (const auto& entry : std::filesystem::directory_iterator(ReferenceFolder() / "lora")) {
    const std::string name = entry.path().stem();
    if (entry.path().extension() != ".json" || !name.starts_with("t5")) continue;
    ++recorded;
    const ServedRun run(name);
    const auto adapter = run.Load("adapter");
    ASSERT_NE(adapter, nullptr) << name;
    for (const int64_t at_once : {1, 5}) {
      const auto on = EngineLogits(*run.snapshot, run.Inputs(adapter.get()), at_once);
      EXPECT_LE(ScaledDifference(on, Floats(run.tensors, "on")), kForward) << name;
      const auto off = EngineLogits(*run.snapshot, run.Inputs(nullptr), at_once);
      EXPECT_LE(ScaledDifference(off, Floats(run.tensors, "off")), kForward) << name;
    }
    ++used;
  }
  PrintShare("lora of T5, served", used, recorded);
  EXPECT_GT(used, 0u);
}

TEST(GoldenAdapters, SeveralAndTheBaseInOneBatch) {
  const ServedRun run("several");
  const auto first = run.Load("first"), second = run.Load("second");
  std::vector<GivenResponse> rows;
  std::vector<float> expected;
  const std::pair<const char*, const Adapter*> turns[] = {
      {"first", first.get()}, {"off", nullptr}, {"second", second.get()}};
  for (const auto& [key, adapter] : turns) {
    const std::vector<GivenResponse> part = run.Inputs(adapter);
    rows.insert(rows.end(), part.begin(), part.end());
    const std::vector<float> logits = Floats(run.tensors, key);
    expected.insert(expected.end(), logits.begin(), logits.end());
  }
  for (const int64_t at_once : {1, 5}) {
    EXPECT_LE(ScaledDifference(EngineLogits(*run.snapshot, rows, at_once), expected), kForward);
  }
}

}  // namespace
}  // namespace tact::golden

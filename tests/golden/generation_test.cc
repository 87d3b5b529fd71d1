// Greedy and beam search against generate(): ids equal, scores of the hypotheses.
#include <gtest/gtest.h>

#include "services/policy/engine/engine.h"
#include "services/policy/testing/run_tasks.h"
#include "tests/golden/reference.h"
#include "tests/golden/settings.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;
using testing::Results;

ServedWeights Load(const std::string& model) {
  const std::filesystem::path folder = ReferenceFolder() / "models" / model;
  const T5Config config = T5Config::Load(folder).value();
  const Checkpoint checkpoint = Checkpoint::Open(folder).value();
  return {BuildSnapshot(config, TensorSource(checkpoint), {}).value(), nullptr};
}

std::vector<int32_t> Prompt(const Json& batch, size_t row) {
  std::vector<int32_t> ids;
  for (size_t i = 0; i < batch["input_ids"][row].size(); ++i) {
    if (batch["attention_mask"][row][i] == 1) ids.push_back(batch["input_ids"][row][i]);
  }
  return ids;
}

// A returned row without the start token and the padding behind it.
std::vector<int32_t> Response(const Json& row, size_t length) {
  std::vector<int32_t> ids = row;
  ids.erase(ids.begin());
  while (ids.size() > length && ids.back() == 0) ids.pop_back();
  return ids;
}

TEST(GoldenGeneration, IdsAndScoresOfEveryStrategy) {
  const Json golden = ReadJson("generation.json");
  std::map<std::string, ServedWeights> models;
  size_t used = 0;
  for (const Json& c : golden["cases"]) {
    const std::string name = c["model"];
    if (!models.contains(name)) models[name] = Load(name);
    const Json& batch = golden["batches"][name][c["batch"].get<size_t>()];
    const SamplingOptions sampling = ReadSettings(c["settings"]);
    Engine engine({}, models[name].snapshot->config);
    std::vector<PromptTask> tasks;
    for (size_t row = 0; row < batch["input_ids"].size(); ++row) {
      tasks.push_back({.index = row,
                       .weights = models[name],
                       .prompt_ids = Prompt(batch, row),
                       .sampling = sampling});
    }
    for (const auto& [key, result] : testing::RunTasks(engine, tasks)) {
      const size_t at = key.first * sampling.num_samples + key.second;
      ASSERT_TRUE(result.status.ok()) << result.status;
      EXPECT_EQ(result.ids, Response(c["ids"][at], result.ids.size())) << c["settings"] << at;
      if (c["sequences_scores"].is_null()) continue;
      const double score = c["sequences_scores"][at];
      EXPECT_NEAR(result.score, score, 2e-5 * std::max(1.0, std::abs(score))) << c["settings"];
    }
    ++used;
  }
  PrintShare("generation", used, golden["cases"].size());
}

}  // namespace
}  // namespace tact::golden

// Every logits processor and warper on given scores, and their order.
#include <gtest/gtest.h>

#include <algorithm>

#include "services/policy/engine/sampling.h"
#include "tests/golden/reference.h"
#include "tests/golden/settings.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;

// What one class of the reference is among the engine's options.
struct Setting {
  ProcessorOptions processors = {};
  WarperOptions warpers = {};
  int32_t eos = 1;
  int64_t max_new_tokens = 1 << 20;
};

bool ReadProcessor(const std::string& name, const Json& a, Setting& s) {
  if (a.contains("eos_token_id")) s.eos = a["eos_token_id"];
  if (name == "MinLengthLogitsProcessor") {
    s.processors.min_length = a["min_length"];
  } else if (name == "MinNewTokensLengthLogitsProcessor") {
    // The engine's decoder input has one token that is not new.
    s.processors.min_new_tokens =
        a["min_new_tokens"].get<int64_t>() + a["prompt_length_to_skip"].get<int64_t>() - 1;
  } else if (name == "RepetitionPenaltyLogitsProcessor") {
    s.processors.repetition_penalty = a["penalty"];
  } else if (name == "NoRepeatNGramLogitsProcessor") {
    s.processors.no_repeat_ngram_size = a["ngram_size"];
  } else if (name == "NoBadWordsLogitsProcessor") {
    s.processors.bad_words = a["bad_words_ids"];
    std::erase(s.processors.bad_words, std::vector<int32_t>{s.eos});  // as the reference does
  } else if (name == "ForcedBOSTokenLogitsProcessor") {
    s.processors.forced_bos = a["bos_token_id"].get<int32_t>();
  } else if (name == "ForcedEOSTokenLogitsProcessor") {
    s.processors.forced_eos = a["eos_token_id"].get<int32_t>();
    s.max_new_tokens = a["max_length"].get<int64_t>() - 1;
  } else {
    return false;
  }
  return true;
}

bool ReadWarper(const std::string& name, const Json& a, Setting& s) {
  if (name == "TemperatureLogitsWarper") {
    s.warpers.temperature = a["temperature"];
  } else if (name == "TopKLogitsWarper") {
    s.warpers.top_k = a["top_k"];
  } else if (name == "TopPLogitsWarper") {
    s.warpers.top_p = a["top_p"];
  } else if (name == "TypicalLogitsWarper") {
    s.warpers.typical_p = a["mass"];
  } else {
    return false;
  }
  return true;
}

// As the reference gives them: minus infinity where nothing is left.
void Spread(const KeptScores& kept, std::span<float> scores) {
  std::ranges::fill(scores, -std::numeric_limits<float>::infinity());
  for (size_t i = 0; i < kept.ids.size(); ++i) scores[kept.ids[i]] = kept.scores[i];
}

// Which of several equal scores top_p keeps is up to the reference's unstable sort; how many, and
// of which values, is not. So rows are compared as sorted values where scores are equal.
void SortRows(std::vector<float>& scores, size_t vocab) {
  for (size_t at = 0; at < scores.size(); at += vocab) {
    std::sort(scores.begin() + at, scores.begin() + at + vocab);
  }
}

TEST(GoldenLogits, EveryProcessorAndWarper) {
  const Json golden = ReadJson("logits_processors.json");
  const SafeTensors tensors = ReadTensors("logits_processors.safetensors");
  WarperScratch scratch;
  size_t used = 0;
  for (const Json& c : golden["cases"]) {
    Setting setting;
    ASSERT_TRUE(ReadProcessor(c["class"], c["arguments"], setting) ||
                ReadWarper(c["class"], c["arguments"], setting))
        << c;
    std::vector<float> scores = Floats(tensors, c["scores"]);
    const std::vector<int32_t> ids = Ids(tensors, c["ids"]);
    const size_t rows = 3, vocab = scores.size() / rows, length = ids.size() / rows;
    for (size_t row = 0; row < rows; ++row) {
      const std::span<float> part = std::span(scores).subspan(row * vocab, vocab);
      ProcessLogits(setting.processors, std::span(ids).subspan(row * length, length), setting.eos,
                    setting.max_new_tokens, part);
      Spread(WarpLogits(setting.warpers, part, scratch), part);
    }
    std::vector<float> expected = Floats(tensors, c["out"]);
    if (c["class"] == "TopPLogitsWarper" &&
        (c["scores"] == "scores.ties" || c["scores"] == "scores.equal")) {
      SortRows(scores, vocab);
      SortRows(expected, vocab);
    }
    EXPECT_LE(ScaledDifference(scores, expected), 2e-6) << c;
    ++used;
  }
  PrintShare("logits_processors", used, golden["cases"].size());
}

TEST(GoldenLogits, WarpersTogetherOnAModelsLogits) {
  const Json golden = ReadJson("sampling.json");
  const SafeTensors tensors = ReadTensors("sampling.safetensors");
  WarperScratch scratch;
  size_t used = 0;
  for (const Json& c : golden["cases"]) {
    const std::string key = c["key"];
    const SamplingOptions settings = ReadSettings(c["settings"]);
    std::vector<float> scores = Floats(tensors, key + ".raw");
    const std::vector<int32_t> ids = Ids(tensors, key + ".ids");
    const std::vector<int64_t> shape = Shape(tensors, key + ".raw");
    for (int64_t row = 0; row < shape[0] * shape[1]; ++row) {
      const std::span<float> part = std::span(scores).subspan(row * shape[2], shape[2]);
      const int64_t batch = row / shape[1], step = row % shape[1];
      ProcessLogits(settings.processors, std::span(ids).subspan(batch * (shape[1] + 1), step + 1),
                    1, 1 << 20, part);
      Spread(WarpLogits(settings.warpers, part, scratch), part);
    }
    EXPECT_LE(ScaledDifference(scores, Floats(tensors, key + ".processed")), 2e-5) << c;
    ++used;
  }
  PrintShare("sampling", used, golden["cases"].size());
}

}  // namespace
}  // namespace tact::golden

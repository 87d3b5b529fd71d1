#include "services/policy/stop_strings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "common/base/random.h"

namespace tact {
namespace {

std::unique_ptr<const Tokenizer> LoadT5() {
  const char* source = std::getenv("TACT_SOURCE_DIR");
  const std::filesystem::path root = source == nullptr ? "../.." : source;
  return LoadTokenizer(root / "common/text/testdata/t5").value();
}

TEST(StopStringsTest, TheFirstOfSeveralCounts) {
  const StopStrings stops({"Ben", "An"});
  EXPECT_EQ(stops.Find("Hello Ann, hello Ben"), 6u);
  EXPECT_EQ(stops.Find("Hello"), std::string::npos);
  EXPECT_EQ(StopStrings({}).Find("Hello"), std::string::npos);
}

// Random texts of all ids, special ones and single bytes included: the answer after each token is
// that of the whole text, whatever piece of it the stop string is.
TEST(StopStringsTest, ATailGivesTheAnswerOfTheWholeText) {
  const std::unique_ptr<const Tokenizer> tokenizer = LoadT5();
  size_t reached = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    CounterRng rng(seed);
    std::vector<int32_t> ids(80);
    const uint64_t bound = seed % 2 == 0 ? 40 : static_cast<uint64_t>(tokenizer->vocab_size());
    for (int32_t& id : ids) id = static_cast<int32_t>(rng.Below(bound));
    const std::string text = tokenizer->Decode(ids, true);
    if (text.size() < 40) continue;
    const size_t begin = rng.Below(text.size() - 30), size = 1 + rng.Below(30);
    const StopStrings stops({text.substr(begin, size), "never in any text"});
    for (size_t length = 1; length <= ids.size(); ++length) {
      const std::span<const int32_t> now = std::span(ids).first(length);
      const bool expected = stops.Find(tokenizer->Decode(now, true)) != std::string::npos;
      ASSERT_EQ(stops.Reached(*tokenizer, now), expected) << text << " at " << length;
      if (!expected) continue;
      reached += length > 20 ? 1 : 0;
      break;
    }
  }
  EXPECT_GT(reached, 20u) << "long enough for a tail to be shorter than the text";
}

}  // namespace
}  // namespace tact

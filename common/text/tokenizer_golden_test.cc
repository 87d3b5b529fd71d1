// Ids and texts of tiny tokenizers, slow flavour, against transformers 4.27.2
// (testdata/make_golden.py), every case to the last id. tests/golden has the fast flavour's.
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "common/text/tokenizer.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tact {
namespace {

using Ids = std::vector<int32_t>;

class TokenizerGolden : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string folder = std::string("testdata/") + GetParam();
    auto loaded = LoadTokenizer(folder, TokenizerFlavor::kSlow);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    tokenizer_ = std::move(*loaded);
    std::ifstream file(folder + "_golden.json");
    golden_ = nlohmann::json::parse(file);
  }

  size_t max_length() const { return golden_["max_length"]; }

  std::unique_ptr<const Tokenizer> tokenizer_;
  nlohmann::json golden_;
};

TEST_P(TokenizerGolden, Vocabulary) {
  EXPECT_EQ(tokenizer_->vocab_size(), golden_["vocab_size"]);
  EXPECT_EQ(tokenizer_->pad_id(), golden_["pad"]);
  EXPECT_EQ(tokenizer_->eos_id(), golden_["eos"]);
  EXPECT_EQ(tokenizer_->unk_id(), golden_["unk"]);
}

TEST_P(TokenizerGolden, EncodesAndDecodesEveryText) {
  ASSERT_GE(golden_["texts"].size(), 300u);
  for (const auto& c : golden_["texts"]) {
    const std::string text = c["text"];
    const Ids ids = c["ids"];
    EXPECT_EQ(tokenizer_->Encode(text), ids) << c["text"];
    EXPECT_EQ(tokenizer_->Decode(ids, false), c["decoded"]) << c["text"];
    EXPECT_EQ(tokenizer_->Decode(ids, true), c.value("skipped", text)) << c["text"];
  }
}

TEST_P(TokenizerGolden, TruncatesEveryText) {
  for (const auto& c : golden_["texts"]) {
    const std::string text = c["text"];
    const auto cut = EncodeBounded(*tokenizer_, text, {max_length(), Truncation::kTruncate}, "t");
    ASSERT_TRUE(cut.ok()) << cut.status();
    EXPECT_EQ(cut->ids, c.value("cut", c["ids"].get<Ids>())) << c["text"];
    EXPECT_EQ(cut->truncated, c.contains("cut")) << c["text"];
  }
}

TEST_P(TokenizerGolden, EncodesAndTruncatesPairs) {
  for (const auto& c : golden_["pairs"]) {
    const std::string a = c["a"], b = c["b"];
    EXPECT_EQ(tokenizer_->EncodePair(a, b), c["ids"].get<Ids>()) << c["a"] << c["b"];
    const auto cut =
        EncodePairBounded(*tokenizer_, a, b, {max_length(), Truncation::kTruncate}, "t");
    ASSERT_TRUE(cut.ok()) << cut.status();
    EXPECT_EQ(cut->ids, c["cut"].get<Ids>()) << c["a"] << c["b"];
  }
}

TEST_P(TokenizerGolden, DecodesRandomIds) {
  for (const auto& c : golden_["decodes"]) {
    const Ids ids = c["ids"];
    EXPECT_EQ(tokenizer_->Decode(ids, false), c["decoded"]) << c["ids"];
    EXPECT_EQ(tokenizer_->Decode(ids, true), c["skipped"]) << c["ids"];
  }
}

INSTANTIATE_TEST_SUITE_P(Tiny, TokenizerGolden, testing::Values("t5", "bpe"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace tact

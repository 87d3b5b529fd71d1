// Both tokenizers in both flavours against the Python ones: every text, decoding, truncation,
// padding and pair, to the last id.
#include "common/text/tokenizer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/golden/reference.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;
using IdRow = std::vector<int32_t>;

struct TokenizerCase {
  const char* name;
  TokenizerFlavor flavor;
};

class GoldenTokenizer : public testing::TestWithParam<TokenizerCase> {
 protected:
  void SetUp() override {
    const std::string name = GetParam().name;
    golden_ = ReadJson("tokenizers/" + name + ".json");
    auto loaded = LoadTokenizer(ReferenceFolder() / "tokenizers" / name, GetParam().flavor);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    tokenizer_ = std::move(*loaded);
  }

  bool slow() const { return GetParam().flavor == TokenizerFlavor::kSlow; }

  // The list's cases with this flavour's answers; prints how many there are.
  std::vector<Json> Cases(const std::string& list) const {
    std::vector<Json> cases;
    if (!golden_.contains(list)) return cases;
    for (Json c : golden_[list]) {
      if (slow() && c.contains("slow")) c.update(Json(c["slow"]));
      cases.push_back(std::move(c));
    }
    PrintShare(std::string("tokenizer ") + GetParam().name + (slow() ? " slow " : " fast ") + list,
               cases.size(), golden_[list].size());
    return cases;
  }

  // What a call with truncation=True gives. Where not even one token would stay, the slow Python
  // tokenizer logs an error and cuts nothing: there tact gives the error.
  void ExpectCut(const Json& c, const absl::StatusOr<Encoded>& cut, size_t frame) const {
    if (slow() && !cut.ok() && c["max_length"] == frame) {
      EXPECT_EQ(tokenizer_->Encode(c["text"].get<std::string>()), c["ids"].get<IdRow>()) << c;
      return;
    }
    ASSERT_TRUE(cut.ok()) << cut.status() << c;
    EXPECT_EQ(cut->ids, c["ids"].get<IdRow>()) << c;
  }

  absl::StatusOr<Encoded> Cut(const std::string& text, size_t length) const {
    return EncodeBounded(*tokenizer_, text, {length, Truncation::kTruncate}, "text");
  }

  Json golden_;
  std::unique_ptr<const Tokenizer> tokenizer_;
};

TEST_P(GoldenTokenizer, Vocabulary) {
  EXPECT_EQ(tokenizer_->vocab_size(), golden_["vocab_size"]);
  EXPECT_EQ(tokenizer_->pad_id(), golden_["pad"]);
  EXPECT_EQ(tokenizer_->eos_id(), golden_["eos"]);
  EXPECT_EQ(tokenizer_->unk_id(), golden_["unk"]);
  EXPECT_EQ(tokenizer_->bos_id().has_value(), !golden_["bos"].is_null());
  if (golden_["mask"].is_null()) return;
  EXPECT_EQ(tokenizer_->TokenToId("<mask>"), golden_["mask"]);
}

TEST_P(GoldenTokenizer, Texts) {
  for (const Json& c : Cases("texts")) {
    const std::string text = c["text"];
    EXPECT_EQ(tokenizer_->Encode(text), c["ids"].get<IdRow>()) << c;
    EXPECT_EQ(tokenizer_->Tokenize(text), c["tokens"].get<std::vector<std::string>>()) << c;
  }
}

TEST_P(GoldenTokenizer, Decodes) {
  for (const Json& c : Cases("decodes")) {
    const IdRow ids = c["ids"];
    EXPECT_EQ(tokenizer_->Decode(ids, false), c["decoded"].get<std::string>()) << c;
    EXPECT_EQ(tokenizer_->Decode(ids, true), c["decoded_skip"].get<std::string>()) << c;
  }
}

TEST_P(GoldenTokenizer, Truncation) {
  const size_t frame = tokenizer_->AddSpecialTokens({}).size();
  for (const Json& c : Cases("truncation")) ExpectCut(c, Cut(c["text"], c["max_length"]), frame);
}

TEST_P(GoldenTokenizer, Padding) {
  for (const Json& c : Cases("padding")) {
    const size_t length = c["max_length"];
    std::vector<IdRow> rows;
    for (const Json& text : c["texts"]) rows.push_back(Cut(text, length).value().ids);
    const bool longest = c["padding"] == "longest";
    const PaddedBatch batch = PadBatch(rows, tokenizer_->pad_id(), longest ? 0 : length);
    IdRow ids, mask;
    for (const Json& row : c["ids"]) ids.insert(ids.end(), row.begin(), row.end());
    for (const Json& row : c["mask"]) mask.insert(mask.end(), row.begin(), row.end());
    EXPECT_EQ(batch.batch, c["ids"].size());
    EXPECT_EQ(batch.ids, ids) << c;
    EXPECT_EQ(IdRow(batch.mask.begin(), batch.mask.end()), mask) << c;
  }
}

TEST_P(GoldenTokenizer, Pairs) {
  for (const Json& c : Cases("pairs")) {
    const std::string text = c["text"], pair = c["pair"];
    EXPECT_EQ(tokenizer_->EncodePair(text, pair), c["ids"].get<IdRow>()) << c;
  }
}

TEST_P(GoldenTokenizer, PairTruncation) {
  for (const Json& c : Cases("pair_truncation")) {
    const std::string text = c["text"], pair = c["pair"];
    const auto cut = EncodePairBounded(*tokenizer_, text, pair,
                                       {c["max_length"].get<size_t>(), Truncation::kTruncate}, "p");
    ASSERT_TRUE(cut.ok()) << cut.status();
    EXPECT_EQ(cut->ids, c["ids"].get<IdRow>()) << c;
  }
}

constexpr auto kFast = TokenizerFlavor::kFast;
constexpr auto kSlow = TokenizerFlavor::kSlow;
INSTANTIATE_TEST_SUITE_P(Flavors, GoldenTokenizer,
                         testing::Values(TokenizerCase{"t5", kFast}, TokenizerCase{"t5", kSlow},
                                         TokenizerCase{"roberta", kFast},
                                         TokenizerCase{"roberta", kSlow}),
                         [](const auto& info) {
                           return std::string(info.param.name) +
                                  (info.param.flavor == kFast ? "_fast" : "_slow");
                         });

}  // namespace
}  // namespace tact::golden

// What holds of any text: nothing crashes, ids are of the vocabulary, what can come back comes
// back, and long texts do not take quadratic time (the test would not end).
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/random.h"
#include "common/text/clean_up.h"
#include "common/text/testing/model_folder.h"
#include "common/text/tokenizer.h"
#include "common/text/utf8.h"

namespace tact {
namespace {

using Ids = std::vector<int32_t>;

struct PropertySetting {
  const char* folder;
  TokenizerFlavor flavor;
};

class TokenizerProperty : public testing::TestWithParam<PropertySetting> {
 protected:
  void SetUp() override {
    tokenizer_ =
        LoadTokenizer(std::string("testdata/") + GetParam().folder, GetParam().flavor).value();
  }
  bool roberta() const { return GetParam().folder == std::string_view("bpe"); }

  void ExpectInVocabulary(const Ids& ids) const {
    for (const int32_t id : ids) {
      EXPECT_GE(id, 0);
      EXPECT_LT(id, tokenizer_->vocab_size());
    }
  }

  CounterRng rng_{7};
  std::unique_ptr<const Tokenizer> tokenizer_;
};

std::string RandomBytes(CounterRng& rng, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(rng.Below(256)));
  return bytes;
}

// Characters of all planes; every other one from the parts where normalization and graphemes bite.
std::string RandomText(CounterRng& rng, size_t size) {
  static constexpr char32_t kStarts[] = {0x20,   0x300,  0x900,   0x1100,  0x2000,  0xAC00,
                                         0xFB00, 0xFF00, 0x1F1E6, 0x1F3F0, 0xE0000, 0x1D400};
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    char32_t c = static_cast<char32_t>(rng.Below(0x110000));
    if (rng.Below(2) == 0) {
      c = kStarts[rng.Below(std::size(kStarts))] + static_cast<char32_t>(rng.Below(128));
    }
    if (c < 0xD800 || c >= 0xE000) AppendUtf8(c, &text);
  }
  return text;
}

TEST_P(TokenizerProperty, AnyBytesEncodeAndDecode) {
  for (int round = 0; round < 300; ++round) {
    const size_t size = rng_.Below(60);
    const std::string text = round % 2 == 0 ? RandomBytes(rng_, size) : RandomText(rng_, size);
    const Ids ids = tokenizer_->Encode(text);
    ExpectInVocabulary(ids);
    EXPECT_EQ(tokenizer_->Tokenize(text).size(), tokenizer_->EncodeBare(text).size());
    EXPECT_EQ(FindInvalidUtf8(tokenizer_->Decode(ids, false)), std::string::npos);
    EXPECT_EQ(tokenizer_->Encode(ReplaceInvalidUtf8(text)), ids);
  }
}

TEST_P(TokenizerProperty, AnyIdsDecode) {
  for (int round = 0; round < 300; ++round) {
    Ids ids;
    const uint64_t range = round % 2 == 0 ? 1000 : uint64_t{1} << 32;
    for (size_t i = rng_.Below(20); i > 0; --i)
      ids.push_back(static_cast<int32_t>(rng_.Below(range)));
    EXPECT_EQ(FindInvalidUtf8(tokenizer_->Decode(ids, round % 3 == 0)), std::string::npos);
  }
}

// Byte-level BPE loses nothing but what the clean-up takes; T5 keeps words of known letters.
TEST_P(TokenizerProperty, DecodingGivesTheTextBack) {
  static constexpr const char* kWords[] = {"Ann", "asks",   "Ben",   "about",
                                           "the", "garden", "report"};
  for (int round = 0; round < 200; ++round) {
    std::string text = kWords[rng_.Below(std::size(kWords))];
    for (size_t i = rng_.Below(20); i > 0; --i) {
      text += std::string(" ") + kWords[rng_.Below(std::size(kWords))];
    }
    if (roberta()) text += RandomText(rng_, 20);
    const std::string back = tokenizer_->Decode(tokenizer_->Encode(text), true);
    EXPECT_EQ(back, CleanUpTokenization(text));
  }
}

TEST_P(TokenizerProperty, LongTextsAreNotQuadratic) {
  // libsentencepiece itself takes quadratic time for a run of unknown characters.
  const size_t size = size_t{1} << (GetParam().flavor == kSlow && !roberta() ? 15 : 20);
  std::string marks = "e";
  while (marks.size() < size) marks += "\u0301";
  std::string letters;
  while (letters.size() < size) letters.push_back(static_cast<char>('a' + rng_.Below(26)));
  std::string tokens;
  while (tokens.size() < size) tokens += "  <mask></s>";
  for (const auto& text : {std::string(size, 'x'), std::string(size, ' '), marks, letters, tokens,
                           std::string(size, '\xFF')}) {
    ExpectInVocabulary(tokenizer_->Encode(text));
  }
}

INSTANTIATE_TEST_SUITE_P(Tiny, TokenizerProperty,
                         testing::Values(PropertySetting{"t5", kFast}, PropertySetting{"t5", kSlow},
                                         PropertySetting{"bpe", kFast},
                                         PropertySetting{"bpe", kSlow}),
                         [](const auto& info) {
                           return std::string(info.param.folder) +
                                  (info.param.flavor == kFast ? "_fast" : "_slow");
                         });

}  // namespace
}  // namespace tact

// What settings beside the vocabulary do to the fast tokenizers. Ids and tokens are those of
// transformers 4.27.2 with tokenizers 0.13.3 and the same files.
#include "common/text/fast_tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "common/text/testing/model_folder.h"
#include "common/text/tokenizer.h"

namespace tact {
namespace {

using Ids = std::vector<int32_t>;
using Words = std::vector<std::string>;

struct FastCase {
  const char* text;
  Ids ids;
  Words tokens;
};

// Loads `like` with one more file, and expects every case.
std::unique_ptr<const Tokenizer> Expect(const char* like, const char* file, const char* content,
                                        const std::vector<FastCase>& cases) {
  const ModelFolder folder(like);
  if (file != nullptr) folder.Write(file, content);
  auto tokenizer = LoadTokenizer(folder.path()).value();
  for (const auto& c : cases) {
    EXPECT_EQ(tokenizer->Encode(c.text), c.ids) << c.text;
    EXPECT_EQ(tokenizer->Tokenize(c.text), c.tokens) << c.text;
  }
  return tokenizer;
}

TEST(RobertaFastTokenizer, SpecialTokensInText) {
  Expect("bpe", nullptr, nullptr,
         {{"a <s> b", {0, 69, 225, 0, 454, 2}, {"a", "Ġ", "<s>", "Ġb"}},
          {"a <mask> b", {0, 69, 4, 454, 2}, {"a", " <mask>", "Ġb"}},
          {"", {0, 2}, {}}});
  Expect("bpe", "special_tokens_map.json",
         R"({"bos_token": "<s>", "mask_token": {"content": "<mask>", "rstrip": true}})",
         {{"a <s> b", {0, 69, 225, 0, 454, 2}, {"a", "Ġ", "<s>", "Ġb"}},
          {"a <mask> b", {0, 69, 225, 4, 70, 2}, {"a", "Ġ", "<mask> ", "b"}}});
  // <s> is bos as well, and the first one's flags count.
  Expect("bpe", "special_tokens_map.json", R"({"cls_token": {"content": "<s>", "rstrip": true}})",
         {{"a <s> b", {0, 69, 225, 0, 454, 2}, {"a", "Ġ", "<s>", "Ġb"}}});
}

TEST(RobertaFastTokenizer, SingleWordsStandAlone) {
  const ModelFolder folder("bpe");
  folder.Write("special_tokens_map.json",
               R"({"mask_token": {"content": "<mask>", "single_word": true}})");
  const auto tokenizer = LoadTokenizer(folder.path()).value();
  const auto found = [&](const char* text) {
    const Ids ids = tokenizer->EncodeBare(text);
    return std::find(ids.begin(), ids.end(), 4) != ids.end();
  };
  EXPECT_TRUE(found("<mask>"));
  EXPECT_TRUE(found("a <mask>."));
  EXPECT_FALSE(found("a<mask>"));
  EXPECT_FALSE(found("<mask>\u00e9"));
  EXPECT_FALSE(found("_<mask>"));
}

TEST(RobertaFastTokenizer, AddedTokensContinueTheVocabulary) {
  const ModelFolder folder("bpe");
  folder.Write("added_tokens.json", R"({"<new>": 700})");
  folder.Write("special_tokens_map.json", R"({"additional_special_tokens": ["<sep2>"]})");
  const auto bpe = LoadTokenizer(folder.path()).value();
  EXPECT_EQ(bpe->vocab_size(), 702);
  EXPECT_EQ(bpe->Encode("<new> <sep2>"), (Ids{0, 700, 225, 701, 2}));
  EXPECT_EQ(bpe->Encode("a <new> b"), (Ids{0, 69, 225, 700, 454, 2}));
  EXPECT_EQ(bpe->Decode(Ids{700, 701, 700}, false), "<new><sep2><new>");
  EXPECT_EQ(bpe->Decode(Ids{700, 701, 700}, true), "<new><new>");
}

TEST(RobertaFastTokenizer, PrefixSpace) {
  Expect("bpe", "tokenizer_config.json", R"({"add_prefix_space": true})",
         {{"Ann", {0, 414, 2}, {"ĠAnn"}},
          {" Ann", {0, 414, 2}, {"ĠAnn"}},
          {"\tAnn", {0, 225, 202, 402, 2}, {"Ġ", "ĉ", "Ann"}},
          {"", {0, 2}, {}},
          {"Ann<mask>Ben", {0, 414, 4, 388, 2}, {"ĠAnn", "<mask>", "ĠBen"}}});
}

TEST(T5FastTokenizer, SpecialTokensInText) {
  // Full-width letters become "</s>" by normalization, and that is a piece like any other.
  Expect("t5", nullptr, nullptr,
         {{"a </s> b", {5, 4, 1, 105, 1}, {"▁a", "▁", "</s>", "▁b"}},
          {"a ＜/s＞ b", {5, 4, 1, 105, 1}, {"▁a", "▁", "</s>", "▁b"}},
          {"Ann ", {84, 4, 1}, {"▁Ann", "▁"}},
          {"\x01\x02", {1}, {}}});
  Expect("t5", "special_tokens_map.json",
         R"({"eos_token": {"content": "</s>", "normalized": true, "lstrip": true}})",
         {{"a </s> b", {5, 1, 105, 1}, {"▁a", " </s>", "▁b"}},
          {"a  ＜/s＞ b", {5, 1, 105, 1}, {"▁a", " </s>", "▁b"}}});
}

TEST(T5FastTokenizer, AddedTokensAreFoundInTheNormalizedText) {
  const auto t5 = Expect("t5", "added_tokens.json", "{\"\u00e9 x\": 426}",
                         {{"e\u0301 x", {426, 1}, {"\u00e9 x"}},
                          {"\u00e9   x", {426, 1}, {"\u00e9 x"}},
                          {"a\u00e9 x", {5, 426, 1}, {"▁a", "\u00e9 x"}}});
  EXPECT_EQ(t5->vocab_size(), 427);
}

TEST(T5FastTokenizer, RefusesOtherModelTypes) {
  const ModelFolder folder("t5");
  std::string model = folder.Read("spiece.model");
  model += std::string("\x12\x02\x18\x02", 4);  // trainer_spec { model_type: BPE }
  folder.Write("spiece.model", model);
  const auto got = LoadTokenizer(folder.path());
  EXPECT_NE(got.status().message().find("spiece.model: not a unigram model"), std::string::npos)
      << got.status();
}

}  // namespace
}  // namespace tact

#include "common/text/tokenizer.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/text/testing/model_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tact {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Ids = std::vector<int32_t>;

std::unique_ptr<const Tokenizer> Load(const std::filesystem::path& folder,
                                      TokenizerFlavor flavor = TokenizerFlavor::kFast) {
  auto loaded = LoadTokenizer(folder, flavor);
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return loaded.ok() ? std::move(*loaded) : nullptr;
}

TEST(LoadTokenizer, MissingFilesAreNamed) {
  const auto error = [](std::vector<const char*> files) {
    const ModelFolder folder;
    for (const char* file : files) folder.Write(file, "{}");
    const auto got = LoadTokenizer(folder.path());
    EXPECT_EQ(got.status().code(), absl::StatusCode::kNotFound);
    return std::string(got.status().message());
  };
  EXPECT_THAT(error({}), HasSubstr("the folder has no tokenizer; copy the model's spiece.model"));
  EXPECT_THAT(error({"vocab.json"}), HasSubstr("merges.txt is not"));
  EXPECT_THAT(error({"merges.txt"}), HasSubstr("vocab.json is not"));
  EXPECT_THAT(error({"tokenizer.json"}), HasSubstr("only the fast tokenizer's"));
  const auto none = LoadTokenizer("testdata/no_such");
  EXPECT_THAT(std::string(none.status().message()),
              HasSubstr("testdata/no_such: there is no such model folder"));
}

TEST(LoadTokenizer, DamagedFilesAreNamed) {
  struct Case {
    const char* like;
    const char* file;
    const char* text;
    const char* want;
  };
  const std::vector<Case> cases = {
      {"t5", "spiece.model", "not a model", "spiece.model: not a sentencepiece model"},
      {"t5", "spiece.model", "", "spiece.model: not a sentencepiece model"},
      {"t5", "tokenizer_config.json", "{", "tokenizer_config.json: not a json object"},
      {"t5", "tokenizer_config.json", "{\"extra_ids\": -1}", "extra_ids: must be a whole number"},
      {"t5", "tokenizer_config.json", "{\"additional_special_tokens\": [\"<extra_id_0>\"]}",
       "must hold all 100 tokens"},
      {"t5", "special_tokens_map.json", "{\"eos_token\": 3}", "eos_token: a token must be"},
      {"t5", "special_tokens_map.json", "{\"pad_token\": null}", "no pad, eos or unk token"},
      {"t5", "added_tokens.json", "{\"<new>\": 3}", "\"<new>\": the added token must have id 426"},
      {"bpe", "vocab.json", "{\"a\": 1}", "vocab.json: the vocabulary lacks the unknown token"},
      {"bpe", "vocab.json", "[]", "vocab.json: not a json object"},
      {"bpe", "special_tokens_map.json", "{\"cls_token\": null}", "no cls, sep or unk token"},
  };
  for (const auto& c : cases) {
    const ModelFolder folder(c.like);
    folder.Write(c.file, c.text);
    for (const TokenizerFlavor flavor : kFlavors) {
      const auto got = LoadTokenizer(folder.path(), flavor);
      ASSERT_FALSE(got.ok()) << c.want;
      EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument) << got.status();
      EXPECT_THAT(std::string(got.status().message()), HasSubstr(c.want));
    }
  }
}

TEST(T5Tokenizer, SentinelsCountDownFromTheEnd) {
  const auto t5 = Load("testdata/t5");
  EXPECT_EQ(t5->vocab_size(), 426);
  EXPECT_EQ(t5->TokenToId("<extra_id_0>"), 425);
  EXPECT_EQ(t5->TokenToId("<extra_id_99>"), 326);
  EXPECT_EQ(t5->IdToToken(326), "<extra_id_99>");
  EXPECT_EQ(t5->bos_id(), std::nullopt);
  EXPECT_EQ(t5->IdToToken(-1), "");
  EXPECT_EQ(t5->Decode(Ids{-5, 1}, false), "</s>");
}

TEST(T5Tokenizer, ConfigSetsTheNumberOfSentinels) {
  const ModelFolder folder("t5");
  folder.Write("tokenizer_config.json", "{\"extra_ids\": 0}");
  const auto t5 = Load(folder.path());
  EXPECT_EQ(t5->vocab_size(), 326);
  EXPECT_GT(t5->EncodeBare("<extra_id_0>").size(), 1u);  // now it is text like any other
}

TEST(RobertaTokenizer, FramesAndRoles) {
  const auto bpe = Load("testdata/bpe");
  EXPECT_THAT(bpe->Encode(""), ElementsAre(0, 2));
  EXPECT_THAT(bpe->EncodePair("", ""), ElementsAre(0, 2));  // an empty second text is none
  EXPECT_THAT(Load("testdata/bpe", kSlow)->EncodePair("", ""), ElementsAre(0, 2, 2, 2));
  EXPECT_EQ(bpe->bos_id(), 0);
  EXPECT_EQ(bpe->pad_id(), 1);
  EXPECT_EQ(bpe->TokenToId("no such token"), bpe->unk_id());
  EXPECT_EQ(bpe->IdToToken(100'000), "");
  EXPECT_EQ(bpe->Decode(Ids{-1, 100'000}, false), "");
}

// Ids from transformers 4.27.2 with the same files; fast_tokenizer_test.cc has the fast ones.
TEST(RobertaTokenizer, SettingsChangeStripping) {
  const auto plain = Load("testdata/bpe", kSlow);
  const Ids a = plain->EncodeBare("a"), space = plain->EncodeBare(" "), b = plain->EncodeBare("b");
  const ModelFolder folder("bpe");
  // A plain string in the map eats white space on both sides; an object says which.
  folder.Write("special_tokens_map.json",
               R"({"bos_token": "<s>", "mask_token": {"content": "<mask>", "rstrip": true}})");
  const auto changed = Load(folder.path(), kSlow);
  EXPECT_EQ(changed->EncodeBare("a <s> b"), (Ids{a[0], 0, b[0]}));
  EXPECT_EQ(changed->EncodeBare("a <mask> b"), (Ids{a[0], space[0], 4, b[0]}));
  EXPECT_EQ(plain->EncodeBare("a <mask> b"), (Ids{a[0], 4, plain->EncodeBare(" b")[0]}));
}

TEST(RobertaTokenizer, AddedTokensContinueTheVocabulary) {
  const ModelFolder folder("bpe");
  folder.Write("added_tokens.json", R"({"<new>": 700, "<mask>": 4})");
  folder.Write("special_tokens_map.json", R"({"additional_special_tokens": ["<sep2>"]})");
  const auto bpe = Load(folder.path(), kSlow);
  EXPECT_EQ(bpe->vocab_size(), 702);
  EXPECT_THAT(bpe->EncodeBare("<new> <sep2>"), ElementsAre(700, 701));
  EXPECT_EQ(bpe->Decode(Ids{700, 701, 700}, false), "<new> <sep2> <new>");
  EXPECT_EQ(bpe->Decode(Ids{700, 701, 700}, true), "<new> <new>");
}

TEST(RobertaTokenizer, PrefixSpace) {
  const ModelFolder folder("bpe");
  folder.Write("tokenizer_config.json", R"({"add_prefix_space": true})");
  const auto with = Load(folder.path(), kSlow);
  const auto without = Load("testdata/bpe", kSlow);
  EXPECT_EQ(with->Encode("Ann"), without->Encode(" Ann"));
  EXPECT_EQ(with->Encode("\tAnn"), without->Encode("\tAnn"));
  EXPECT_EQ(with->Encode(""), without->Encode(""));
}

TEST(EncodeBounded, ErrorsNameFieldFoundAndLimit) {
  const auto t5 = Load("testdata/t5");
  const std::string text = "Ann asks Ben about the garden.";
  const size_t size = t5->Encode(text).size();
  EXPECT_TRUE(EncodeBounded(*t5, text, {size}, "prompt").ok());
  const auto error = [&](std::string_view input, size_t limit) {
    const auto got = EncodeBounded(*t5, input, {limit}, "prompts[1]");
    EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(got.status().message());
  };
  EXPECT_EQ(error(text, size - 1),
            "prompts[1]: the text is above the limit of " + std::to_string(size - 1) +
                " tokens, found " + std::to_string(size) +
                " tokens; shorten it, ask for truncation, or raise the limit");
  EXPECT_THAT(error("ab\xFF", 10), HasSubstr("prompts[1]: not UTF-8 at byte 2"));
  EXPECT_THAT(error("a", 0), HasSubstr("max_tokens: must be above 1"));
}

// Where the frame alone has room, the fast tokenizers cut to it, and the slow ones cannot.
// A text of many megabytes would take many times its size only to be cut.
TEST(EncodeBounded, AHugeTextIsRefusedBeforeItIsCutUp) {
  const auto t5 = Load("testdata/t5");
  const std::string fits(kMaxEncodedBytes, ' '), huge(kMaxEncodedBytes + 1, ' ');
  EXPECT_TRUE(EncodeBounded(*t5, fits, {8, Truncation::kTruncate}, "t").ok());
  for (const auto& status :
       {EncodeBounded(*t5, huge, {8, Truncation::kTruncate}, "prompts[1]").status(),
        EncodePairBounded(*t5, "a", huge, {8, Truncation::kTruncate}, "prompts[1]").status(),
        EncodePairBounded(*t5, huge, "a", {8, Truncation::kTruncate}, "prompts[1]").status()}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr("prompts[1]: the text is above"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("1048577 bytes"));
  }
}

TEST(EncodeBounded, RoomForTheFrameAlone) {
  const EncodeOptions one{1, Truncation::kTruncate};
  EXPECT_THAT(EncodeBounded(*Load("testdata/t5"), "a b", one, "t")->ids, ElementsAre(1));
  const auto slow = Load("testdata/t5", kSlow);
  EXPECT_THAT(EncodeBounded(*slow, "", one, "t")->ids, ElementsAre(1));
  EXPECT_THAT(std::string(EncodeBounded(*slow, "a b", one, "t").status().message()),
              HasSubstr("max_tokens: must be above 1"));
}

TEST(EncodePairBounded, CutsTheLongerOneFirst) {
  const auto fast = Load("testdata/bpe");
  const auto slow = Load("testdata/bpe", kSlow);
  const auto sizes = [](const Tokenizer& tokenizer, size_t a, size_t b, size_t limit) {
    const std::string first(a, '#'), second(b, '%');  // one token each character
    const auto cut =
        EncodePairBounded(tokenizer, first, second, {limit + 4, Truncation::kTruncate}, "t");
    const int32_t left = tokenizer.EncodeBare("#")[0], right = tokenizer.EncodeBare("%")[0];
    return std::pair(std::count(cut->ids.begin(), cut->ids.end(), left),
                     std::count(cut->ids.begin(), cut->ids.end(), right));
  };
  using Sizes = std::pair<ptrdiff_t, ptrdiff_t>;
  EXPECT_EQ(sizes(*fast, 3, 9, 10), Sizes(3, 7));
  EXPECT_EQ(sizes(*fast, 9, 3, 10), Sizes(7, 3));
  EXPECT_EQ(sizes(*fast, 9, 8, 7), Sizes(4, 3));
  EXPECT_EQ(sizes(*slow, 9, 8, 7), Sizes(4, 3));
  EXPECT_EQ(sizes(*fast, 8, 8, 7), Sizes(3, 4));
  EXPECT_EQ(sizes(*fast, 8, 8, 0), Sizes(0, 0));
}

TEST(EncodeBounded, TruncationKeepsTheFrame) {
  for (const char* folder : {"testdata/t5", "testdata/bpe"}) {
    const auto tokenizer = Load(folder);
    const std::string text = "Ann asks Ben about the garden, and Ben doesn't mind.";
    const Ids whole = tokenizer->Encode(text);
    for (size_t limit = 3; limit < whole.size() + 2; ++limit) {
      const auto got = EncodeBounded(*tokenizer, text, {limit, Truncation::kTruncate}, "t");
      ASSERT_TRUE(got.ok()) << got.status();
      EXPECT_EQ(got->ids.size(), std::min(limit, whole.size()));
      EXPECT_EQ(got->ids.back(), tokenizer->eos_id());
      EXPECT_EQ(got->truncated, limit < whole.size());
    }
  }
}

TEST(Tokenizer, BadBytesAreReadAsReplacements) {
  for (const char* folder : {"testdata/t5", "testdata/bpe"}) {
    for (const TokenizerFlavor flavor : kFlavors) {
      const auto tokenizer = Load(folder, flavor);
      EXPECT_EQ(tokenizer->Encode("a\xFFz"), tokenizer->Encode("a\xEF\xBF\xBDz"));
    }
  }
}

TEST(Tokenizer, ManyThreads) {
  for (const char* folder : {"testdata/t5", "testdata/bpe"}) {
    const auto tokenizer = Load(folder);
    const Ids want = tokenizer->Encode("Hello Ann, did you see the report?");
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 200; ++n) {
          EXPECT_EQ(tokenizer->Encode("Hello Ann, did you see the report?"), want);
          EXPECT_FALSE(tokenizer->Decode(want, true).empty());
        }
      });
    }
    for (auto& thread : threads) thread.join();
  }
}

TEST(PadBatch, PadsOnTheRight) {
  const std::vector<Ids> rows = {{5, 6, 7}, {}, {8}};
  const PaddedBatch batch = PadBatch(rows, 0);
  EXPECT_EQ(batch.batch, 3u);
  EXPECT_EQ(batch.time, 3u);
  EXPECT_THAT(batch.ids, ElementsAre(5, 6, 7, 0, 0, 0, 8, 0, 0));
  EXPECT_THAT(batch.mask, ElementsAre(1, 1, 1, 0, 0, 0, 1, 0, 0));
  EXPECT_EQ(PadBatch(rows, 0, 5).time, 5u);
  EXPECT_TRUE(PadBatch({}, 0).ids.empty());
}

}  // namespace
}  // namespace tact

// Damaged files: cut off anywhere, or with a bit turned. Loading says which file and what to do, or
// gives a tokenizer that still works; nothing crashes.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/base/random.h"
#include "common/text/testing/model_folder.h"
#include "common/text/tokenizer.h"

namespace tact {
namespace {

constexpr char kDamageText[] =
    "Ann asks: \uFB01ve \uFF21\u0301 caf\u00e9s?  \u2460\u3300 <mask></s> \U0001F600";
constexpr char kDamageSettings[] =
    R"({"unk_token": "<unk>", "eos_token": {"content": "</s>", "lstrip": false}, "pad_token": "<pad>"})";

struct Damage {
  const char* like;
  const char* file;
};

class DamagedTokenizer : public testing::TestWithParam<Damage> {
 protected:
  void SetUp() override {
    if (std::string_view(GetParam().file).ends_with("config.json")) {
      folder_.Write(GetParam().file, kDamageSettings);
    }
    good_ = folder_.Read(GetParam().file);
    ASSERT_FALSE(good_.empty());
  }

  // Both flavours; the number of those that loaded.
  int Load(const std::string& content) {
    folder_.Write(GetParam().file, content);
    int loaded = 0;
    for (const TokenizerFlavor flavor : kFlavors) {
      const auto tokenizer = LoadTokenizer(folder_.path(), flavor);
      if (tokenizer.ok()) {
        ++loaded;
        const auto ids = (*tokenizer)->Encode(kDamageText);
        (*tokenizer)->Decode(ids, false);
        continue;
      }
      const std::string message(tokenizer.status().message());
      EXPECT_EQ(tokenizer.status().code(), absl::StatusCode::kInvalidArgument) << message;
      EXPECT_NE(message.find(folder_.path().string()), std::string::npos) << message;
      EXPECT_NE(message.find("; "), std::string::npos) << message;  // then comes the cure
    }
    return loaded;
  }

  ModelFolder folder_{GetParam().like};
  std::string good_;
  CounterRng rng_{11};
};

TEST_P(DamagedTokenizer, CutOff) {
  EXPECT_EQ(Load(good_), 2);
  const bool merges = GetParam().file == std::string_view("merges.txt");
  for (int round = 0; round < 40; ++round) {
    const std::string cut = good_.substr(0, rng_.Below(good_.size() - 1));
    // Where whole lines are left, merges.txt is a shorter one; slow takes any (so does Python).
    const bool whole_lines = cut.empty() || cut.ends_with('\n');
    EXPECT_EQ(Load(cut), !merges ? 0 : whole_lines ? 2 : 1) << cut.size();
  }
}

TEST_P(DamagedTokenizer, TurnedBits) {
  for (int round = 0; round < 120; ++round) {
    std::string damaged = good_;
    for (uint64_t bits = 1 + rng_.Below(3); bits > 0; --bits) {
      damaged[rng_.Below(damaged.size())] ^= static_cast<char>(1 << rng_.Below(8));
    }
    Load(damaged);
  }
}

TEST_P(DamagedTokenizer, Garbage) {
  for (int round = 0; round < 40; ++round) {
    std::string garbage;
    for (uint64_t i = 1 + rng_.Below(200); i > 0; --i) {
      garbage.push_back(static_cast<char>(rng_.Below(256)));
    }
    Load(garbage);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, DamagedTokenizer,
                         testing::Values(Damage{"t5", "spiece.model"},
                                         Damage{"t5", "tokenizer_config.json"},
                                         Damage{"bpe", "vocab.json"}, Damage{"bpe", "merges.txt"}),
                         [](const auto& info) {
                           std::string name = std::string(info.param.like) + "_" + info.param.file;
                           for (char& c : name) c = c == '.' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace tact

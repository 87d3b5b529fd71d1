#include "services/reward/classifier.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "services/reward/reward_engine.h"

namespace tact {
namespace {

constexpr char kTiny[] = "testdata/tiny";  // written by tests/reference/make_reward_fixtures.py
constexpr double kTolerance = 2e-5;

struct Case {
  std::vector<int32_t> ids;
  std::vector<float> logits;  // of transformers
};

std::vector<Case> ReadCases() {
  std::ifstream file(std::string(kTiny) + "/expected.json");
  std::vector<Case> cases;
  for (const auto& entry : nlohmann::json::parse(file)) {
    cases.push_back(
        {entry["ids"].get<std::vector<int32_t>>(), entry["logits"].get<std::vector<float>>()});
  }
  return cases;
}

class ClassifierTest : public testing::Test {
 protected:
  void SetUp() override {
    auto loaded = Classifier::Load(kTiny);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    classifier_ = std::move(*loaded);
  }
  std::vector<float> Run(const std::vector<TokenSpan>& texts) {
    return classifier_->Forward(texts, workspace_);
  }

  std::unique_ptr<const Classifier> classifier_;
  Classifier::Workspace workspace_;
};

// The root of the mean squared error, as a share of the logits' own.
TEST_F(ClassifierTest, NarrowWeightsStayCloseToTheReference) {
  for (const auto& [type, bound] :
       {std::pair{WeightType::kBF16, 0.02}, {WeightType::kInt8, 0.05}}) {
    auto loaded = Classifier::Load(kTiny, type);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    double error = 0, size = 0;
    for (const Case& c : ReadCases()) {
      const auto logits = (*loaded)->Forward({{c.ids}}, workspace_);
      ASSERT_EQ(logits.size(), c.logits.size());
      for (size_t i = 0; i < logits.size(); ++i) {
        error += std::pow(double{logits[i]} - double{c.logits[i]}, 2);
        size += std::pow(double{c.logits[i]}, 2);
      }
    }
    EXPECT_LE(std::sqrt(error / size), bound) << kWeightTypeNames[static_cast<size_t>(type)];
    EXPECT_GT(std::sqrt(error / size), 1e-4) << "computed with f32 weights";
  }
}

TEST_F(ClassifierTest, LogitsOfEachTextAloneEqualTheReference) {
  const auto cases = ReadCases();
  ASSERT_GE(cases.size(), 10u);
  for (const Case& c : cases) {
    const auto logits = Run({c.ids});
    ASSERT_EQ(logits.size(), c.logits.size());
    for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], c.logits[i], kTolerance);
  }
}

TEST_F(ClassifierTest, LogitsDoNotDependOnBatchMates) {
  const auto cases = ReadCases();
  for (const bool reversed : {false, true}) {
    std::vector<TokenSpan> texts;
    std::vector<float> expected;
    for (size_t i = 0; i < cases.size(); ++i) {
      const Case& c = cases[reversed ? cases.size() - 1 - i : i];
      texts.push_back(c.ids);
      expected.insert(expected.end(), c.logits.begin(), c.logits.end());
    }
    const auto logits = Run(texts);
    ASSERT_EQ(logits.size(), expected.size());
    for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], expected[i], kTolerance);
  }
}

TEST_F(ClassifierTest, ASmallBatchAfterALargeOneSeesNothingOfIt) {
  const auto cases = ReadCases();
  std::vector<TokenSpan> all;
  for (const Case& c : cases) all.push_back(c.ids);
  Run(all);
  const auto logits = Run({cases[1].ids});
  for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], cases[1].logits[i], kTolerance);
}

TEST_F(ClassifierTest, NoTextsGiveNoLogits) { EXPECT_TRUE(Run({}).empty()); }

// A copy of the tiny folder that a test may spoil.
class SpoiledFolder {
 public:
  explicit SpoiledFolder(const std::string& name)
      : path_(std::filesystem::path(testing::TempDir()) / (name + std::to_string(getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::copy(kTiny, path_);
  }
  ~SpoiledFolder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const char* file) const { return path_ / file; }
  absl::Status Start() const {
    RewardOptions options;
    options.model = path_.string();
    return RewardEngine::Start(options).status();
  }

 private:
  std::filesystem::path path_;
};

TEST(RewardEngineTest, AMissingFolderIsNamedWithTheCure) {
  RewardOptions options;
  options.model = "no/such/folder";
  const absl::Status status = RewardEngine::Start(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(status.message().find("no/such/folder"), std::string::npos) << status;
  EXPECT_NE(status.message().find("config.json"), std::string::npos) << status;
}

TEST(RewardEngineTest, AMissingFileIsNamed) {
  for (const char* file : {"config.json", "model.safetensors", "vocab.json"}) {
    SpoiledFolder folder("tact_reward_missing");
    std::filesystem::remove(folder / file);
    const absl::Status status = folder.Start();
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.message().find(file), std::string::npos) << status;
  }
}

TEST(RewardEngineTest, BertHasNoTokenizer) {
  SpoiledFolder folder("tact_reward_bert");
  std::ofstream(folder / "config.json") << R"({"model_type": "bert"})";
  const absl::Status status = folder.Start();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(status.message().find("config.json: model_type bert: no WordPiece tokenizer"),
            std::string::npos)
      << status;
}

TEST(RewardEngineTest, ATruncatedCheckpointIsRefused) {
  SpoiledFolder folder("tact_reward_truncated");
  std::filesystem::resize_file(folder / "model.safetensors", 50'000);
  const absl::Status status = folder.Start();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("model.safetensors"), std::string::npos) << status;
}

TEST(RewardEngineTest, ATensorOfAnotherShapeIsNamed) {
  SpoiledFolder folder("tact_reward_shape");
  std::ifstream in(folder / "config.json");
  nlohmann::json config = nlohmann::json::parse(in);
  config["intermediate_size"] = 41;
  std::ofstream(folder / "config.json") << config;
  const absl::Status status = folder.Start();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("intermediate.dense"), std::string::npos) << status;
}

TEST(RewardEngineTest, MoreTokensThanTheModelHasRowsAreRefused) {
  SpoiledFolder folder("tact_reward_vocab");
  std::ifstream in(folder / "vocab.json");
  nlohmann::json vocab = nlohmann::json::parse(in);
  vocab["extra"] = vocab.size();
  std::ofstream(folder / "vocab.json") << vocab;
  const absl::Status status = folder.Start();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("272 tokens"), std::string::npos) << status;
}

}  // namespace
}  // namespace tact

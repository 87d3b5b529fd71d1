#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "common/base/file.h"
#include "common/model/safetensors.h"

namespace tact {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CheckpointTest : public testing::Test {
 protected:
  CheckpointTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tact-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~CheckpointTest() override { std::filesystem::remove_all(folder_); }

  void WriteShard(const std::string& file, const std::string& tensor, float value) {
    const std::vector<float> values = {value, value};
    ASSERT_TRUE(WriteSafeTensors(folder_ / file, {{tensor, FloatView(values, {2})}}).ok());
  }
  void WriteIndex(const std::string& json) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / "model.safetensors.index.json", json).ok());
  }
  std::string Error() { return Checkpoint::Open(folder_).status().ToString(); }

  std::filesystem::path folder_;
};

TEST_F(CheckpointTest, OneFile) {
  WriteShard("model.safetensors", "a", 3);
  const auto checkpoint = Checkpoint::Open(folder_);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_THAT(checkpoint->names(), ElementsAre("a"));
  EXPECT_THAT(*ToFloat(*checkpoint->Find("a"), "a"), ElementsAre(3, 3));
}

TEST_F(CheckpointTest, Shards) {
  WriteShard("one.safetensors", "a", 1);
  WriteShard("two.safetensors", "b", 2);
  WriteIndex(R"({"metadata": {"total_size": 16},
                 "weight_map": {"a": "one.safetensors", "b": "two.safetensors"}})");
  auto opened = Checkpoint::Open(folder_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  const Checkpoint copy = *opened;
  opened = absl::UnknownError("gone");  // a copy keeps the files open
  EXPECT_THAT(copy.names(), ElementsAre("a", "b"));
  EXPECT_THAT(*ToFloat(*copy.Find("b"), "b"), ElementsAre(2, 2));
}

TEST_F(CheckpointTest, GetChecksNameAndShape) {
  WriteShard("model.safetensors", "a", 3);
  const auto checkpoint = Checkpoint::Open(folder_);
  const std::vector<int64_t> right = {2}, wrong = {1, 2};
  EXPECT_TRUE(checkpoint->Get("a", right).ok());
  EXPECT_THAT(checkpoint->Get("a", wrong).status().ToString(),
              HasSubstr("a: expected shape [1, 2] by config.json, found [2]"));
  EXPECT_THAT(checkpoint->Get("b", right).status().ToString(),
              HasSubstr("b: the checkpoint has no such tensor, expected shape [2]"));
}

TEST_F(CheckpointTest, BadShardsNameWhatIsWrong) {
  WriteShard("one.safetensors", "a", 1);
  WriteIndex(R"({"weight_map": {"b": "one.safetensors"}})");
  EXPECT_THAT(Error(), HasSubstr("b: the shard has no tensor of that name, found one.safetens"));
  WriteIndex(R"({"weight_map": {"a": "two.safetensors"}})");
  EXPECT_THAT(Error(), HasSubstr("two.safetensors"));
  for (const char* json : {R"({"weight_map": {"a": "../one.safetensors"}})", "{}",
                           R"({"weight_map": {}})", R"({"weight_map": {"a": 1}})"}) {
    WriteIndex(json);
    EXPECT_THAT(Error(), HasSubstr("weight_map: expected a map from tensor names")) << json;
  }
}

TEST_F(CheckpointTest, SaysWhatIsMissing) {
  EXPECT_THAT(Error(), HasSubstr("there is no model.safetensors"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "pytorch_model.bin", "x").ok());
  EXPECT_THAT(Error(), HasSubstr("safe_serialization=True"));
}

}  // namespace
}  // namespace tact

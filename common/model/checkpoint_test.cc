#include "common/model/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "common/base/file.h"
#include "common/model/safetensors.h"
#include "common/model/torch_file_builder.h"

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
  EXPECT_THAT(Error(),
              HasSubstr("b: expected the tensor in one.safetensors, found no such tensor"));
  WriteIndex(R"({"weight_map": {"a": "two.safetensors"}})");
  EXPECT_THAT(Error(), HasSubstr("two.safetensors: the shard is missing"));
  EXPECT_THAT(Error(), HasSubstr("expects it to hold a"));
  WriteShard("two.safetensors", "a", 2);
  WriteIndex(R"({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}})");
  EXPECT_THAT(Error(), HasSubstr("two.safetensors: a: another shard has a tensor of that name too, "
                                 "found one.safetensors"));
  WriteShard("two.safetensors", "b", 2);
  WriteIndex(R"({"weight_map": {"a": "two.safetensors", "b": "one.safetensors"}})");
  EXPECT_THAT(Error(), HasSubstr("a: expected the tensor in two.safetensors"));
}

TEST_F(CheckpointTest, BadIndexesNameWhatIsWrong) {
  struct Case {
    std::string json;
    const char* message;
  };
  const std::vector<Case> cases = {
      {R"({"weight_map": {"a": "../one.safetensors"}})",
       "expected a file name of this folder for a"},
      {R"({"weight_map": {"a": "/etc/one"}})", "found /etc/one"},
      {R"({"weight_map": {"a": ".."}})", "expected a file name"},
      {R"({"weight_map": {"a": ""}})", "expected a file name"},
      {R"({"weight_map": {"a": "one\\two"}})", "expected a file name"},
      {R"({"weight_map": {"a": "one\u0000two"}})", "expected a file name"},
      {R"({"weight_map": {"a": 1}})", "expected a file name"},
      {"{}", "weight_map: expected a map from tensor names"},
      {R"({"weight_map": {}})", "weight_map: expected a map from tensor names"},
      {R"({"weight_map": {"a": "x", "a": "x"}})",
       "weight_map: the tensor stands there twice, found a"},
      {R"({"weight_map": {"a": "x")", "expected a JSON object"},
      {std::string(100'000, '['), "expected a JSON object"}};
  for (const Case& c : cases) {
    WriteIndex(c.json);
    EXPECT_THAT(Error(), HasSubstr(c.message)) << c.json.substr(0, 60);
    EXPECT_THAT(Error(), HasSubstr("model.safetensors.index.json")) << c.json.substr(0, 60);
  }
}

TEST_F(CheckpointTest, FilesOfTorch) {
  const auto write = [&](const char* file, const std::string& name, float value) {
    const std::string pickle = MakePickle({{name, "FloatStorage", "0", 2, 0, {2}, {1}}});
    const std::string bytes = MakeTorchFile(pickle, {{"0", BytesOf<float>({value, value})}});
    ASSERT_TRUE(WriteFileAtomically(folder_ / file, bytes).ok());
  };
  const auto first = [&](absl::StatusOr<Checkpoint> opened) {
    return (*ToFloat(*opened.value().Find("a"), "a"))[0];
  };
  write("adapter_model.bin", "a", 5);
  EXPECT_EQ(first(Checkpoint::OpenAdapter(folder_)), 5);
  write("one.bin", "a", 4);
  write("two.bin", "b", 4);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "pytorch_model.bin.index.json",
                                  R"({"weight_map": {"a": "one.bin", "b": "two.bin"}})")
                  .ok());
  EXPECT_EQ(first(Checkpoint::Open(folder_)), 4);
  write("pytorch_model.bin", "a", 3);
  EXPECT_EQ(first(Checkpoint::Open(folder_)), 3);
  WriteShard("model.safetensors", "a", 2);  // goes before what torch wrote
  EXPECT_EQ(first(Checkpoint::Open(folder_)), 2);
  WriteShard("adapter_model.safetensors", "a", 1);
  EXPECT_EQ(first(Checkpoint::OpenAdapter(folder_)), 1);
}

TEST_F(CheckpointTest, SaysWhatIsMissing) {
  EXPECT_THAT(Error(),
              HasSubstr("there is no model.safetensors, no pytorch_model.bin and no index"));
  EXPECT_THAT(Checkpoint::OpenAdapter(folder_).status().ToString(),
              HasSubstr("there is no adapter_model.safetensors and no adapter_model.bin"));
}

}  // namespace
}  // namespace tact

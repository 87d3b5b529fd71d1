#include "services/trainer/checkpoint/checkpoint_store.h"

#include <ATen/ops/full.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "common/base/status.h"
#include "services/trainer/checkpoint/checkpoint_list.h"
#include "services/trainer/testing/temp_folder.h"

namespace tact {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class CheckpointStoreTest : public ::testing::Test {
 protected:
  void Save(uint32_t step) {
    const at::Tensor tensor = at::full({4}, static_cast<double>(step), at::kFloat);
    ASSERT_TRUE(store_.Save(step, {{"step", step}}, {{"w", tensor}}).ok());
  }
  std::filesystem::path File(const char* step, const char* name) {
    return folder_.path() / "job" / step / name;
  }
  static void FlipLastByte(const std::filesystem::path& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(-1, std::ios::end);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(-1, std::ios::end);
    file.put(byte);
  }

  TempFolder folder_;
  CheckpointStore store_{folder_.path() / "job"};
};

TEST_F(CheckpointStoreTest, NothingAtFirst) {
  const auto loaded = store_.LoadNewest();
  ASSERT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded->has_value());
}

TEST_F(CheckpointStoreTest, LoadsTheNewestAndKeepsTwo) {
  for (uint32_t step : {5u, 10u, 15u}) Save(step);
  EXPECT_THAT(store_.steps(), ElementsAre(15, 10));
  const auto loaded = store_.LoadNewest();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ((*loaded)->step, 15u);
  EXPECT_EQ((*loaded)->state.at("step"), 15);
  EXPECT_EQ((*loaded)->tensors.At("w").data_ptr<float>()[0], 15.0f);
}

TEST_F(CheckpointStoreTest, FallsBackFromADamagedOne) {
  struct Case {
    const char* file;
    bool truncate;
  };
  for (const Case& c : {Case{"tensors.safetensors", false}, Case{"tensors.safetensors", true},
                        Case{"state.json", false}, Case{"manifest.json", true}}) {
    Save(5);
    Save(10);
    const auto path = File("step-00000010", c.file);
    c.truncate ? std::filesystem::resize_file(path, 3) : FlipLastByte(path);
    const auto loaded = store_.LoadNewest();
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ((*loaded)->step, 5u) << c.file;
    ASSERT_THAT((*loaded)->damaged, SizeIs(1));
    EXPECT_THAT((*loaded)->damaged[0], HasSubstr("step-00000010"));
  }
}

TEST_F(CheckpointStoreTest, NoneGoodIsDataLossThatNamesTheFiles) {
  Save(5);
  FlipLastByte(File("step-00000005", "tensors.safetensors"));
  const auto loaded = store_.LoadNewest();
  EXPECT_TRUE(absl::IsDataLoss(loaded.status()));
  EXPECT_THAT(std::string(loaded.status().message()),
              HasSubstr("step-00000005/tensors.safetensors"));
}

TEST_F(CheckpointStoreTest, AHalfWrittenFolderIsNoCheckpoint) {
  Save(5);
  std::filesystem::create_directories(folder_.path() / "job" / "step-00000010.tmp");
  EXPECT_THAT(store_.steps(), ElementsAre(5));
}

TEST_F(CheckpointStoreTest, TheBestStaysBesideTheNewest) {
  const auto save = [&](uint32_t step) {
    const at::Tensor tensor = at::full({4}, 1.0, at::kFloat);
    const nlohmann::json state = {{"metric", step}, {"selection", {{"best_step", 2}}}};
    ASSERT_TRUE(store_.Save(step, state, {{"w", tensor}}, 2).ok());
  };
  for (uint32_t step : {1, 2, 3, 4, 5}) save(step);
  EXPECT_THAT(store_.steps(), ElementsAre(5, 4, 2));
  const auto all = DescribeCheckpoints(store_.folder());
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_FALSE(all[0].is_best());
  EXPECT_TRUE(all[2].is_best());
  EXPECT_EQ(all[2].metric(), 2);
  EXPECT_GT(all[2].bytes(), 16u);
  EXPECT_GT(all[2].created_at(), 1e9);
  FlipLastByte(File("step-00000005", "tensors.safetensors"));
  EXPECT_THAT(DescribeCheckpoints(store_.folder())[0].damage(), HasSubstr("tensors.safetensors"));
}

TEST_F(CheckpointStoreTest, WhatIsNotFiniteIsNotSaved) {
  Save(1);
  const at::Tensor bad = at::full({4}, NAN, at::kFloat);
  const absl::Status status = store_.Save(2, {}, {{"layer.weight", bad}});
  EXPECT_THAT(status.message(), HasSubstr("layer.weight"));
  EXPECT_THAT(status.message(), HasSubstr("that of step 1 stays"));
  EXPECT_EQ(GetErrorDetail(status)->reason, "NOT_FINITE");
  EXPECT_THAT(store_.steps(), ElementsAre(1));
}

}  // namespace
}  // namespace tact

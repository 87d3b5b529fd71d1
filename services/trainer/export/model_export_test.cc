#include "services/trainer/export/model_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "services/trainer/testing/temp_folder.h"

namespace tact {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ModelExportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    job_.set_id("job");
    job_.set_state(v1::JOB_STATE_SUCCEEDED);
    job_.set_result_path("results/job");
    fs::create_directories(folder_.path() / "results/job/sub");
    ASSERT_TRUE(WriteFileAtomically(folder_.path() / "results/job/b", large_).ok());
    ASSERT_TRUE(WriteFileAtomically(folder_.path() / "results/job/a", "").ok());
  }

  ModelExporter Exporter() {
    return ModelExporter({folder_.path(), folder_.path()},
                         [this](std::string_view) { return job_; });
  }

  // Messages taken until `room` are there.
  absl::Status Export(size_t room = 100) {
    v1::ExportModelRequest request;
    request.set_id("job");
    return Exporter().Export(request, [&](const v1::ExportModelResponse& message) {
      if (messages_.size() == room) return false;
      messages_.push_back(message);
      return true;
    });
  }

  TempFolder folder_;
  v1::Job job_;
  const std::string large_ = std::string((2 << 20) + 5, 'x');
  std::vector<v1::ExportModelResponse> messages_;
};

TEST_F(ModelExportTest, SendsHeadersAndBoundedChunksByName) {
  ASSERT_TRUE(Export().ok());
  ASSERT_EQ(messages_.size(), 5u);
  EXPECT_EQ(messages_[0].file().name(), "a");
  EXPECT_EQ(messages_[0].file().sha256(), Sha256Hex(""));
  EXPECT_EQ(messages_[1].file().name(), "b");
  EXPECT_EQ(messages_[1].file().bytes(), large_.size());
  EXPECT_EQ(messages_[1].file().sha256(), Sha256Hex(large_));
  EXPECT_EQ(messages_[2].chunk().size(), 1u << 20);
  EXPECT_EQ(messages_[4].chunk().size(), 5u);
}

TEST_F(ModelExportTest, AReceiverThatHasGoneEndsIt) {
  EXPECT_TRUE(absl::IsCancelled(Export(3)));
  EXPECT_EQ(messages_.size(), 3u);
}

TEST_F(ModelExportTest, NoResultSaysWhatToDo) {
  const struct {
    v1::JobState state;
    const char* fix;
  } cases[] = {{v1::JOB_STATE_RUNNING, "wait until it has succeeded"},
               {v1::JOB_STATE_PAUSED, "resume it"}};
  for (const auto& c : cases) {
    job_.set_state(c.state);
    const absl::Status status = Export();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.fix));
  }
  job_.set_state(v1::JOB_STATE_SUCCEEDED);
  job_.set_result_path("../outside");
  EXPECT_FALSE(Export().ok());
  EXPECT_TRUE(messages_.empty());
}

TEST_F(ModelExportTest, WhatAKilledExportLeftIsRemovedAtTheNextStart) {
  fs::create_directories(folder_.path() / "exports/job-0");
  Exporter();
  EXPECT_FALSE(fs::exists(folder_.path() / "exports"));
}

}  // namespace
}  // namespace tact

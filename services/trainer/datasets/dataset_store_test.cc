#include "services/trainer/datasets/dataset_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "common/base/file.h"
#include "services/trainer/testing/temp_folder.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

constexpr char kDialogues[] =
    "{\"fname\":\"a\",\"dialogue\":\"#Person1#: Hi.\",\"summary\":\"A greeting.\"}\n"
    "{\"fname\":\"b\",\"dialogue\":\"#Person1#: Bye.\",\"summary\":\"A farewell.\"}\n";

v1::UploadHeader Header(const std::string& bytes, v1::DatasetKind kind,
                        const std::string& filename = "data.jsonl") {
  v1::UploadHeader header;
  header.set_filename(filename);
  header.set_kind(kind);
  header.set_sha256(Sha256Hex(bytes));
  header.set_total_bytes(bytes.size());
  return header;
}

class DatasetStoreTest : public ::testing::Test {
 protected:
  absl::StatusOr<StoredDataset> Upload(const std::string& bytes, const v1::UploadHeader& header) {
    auto upload = store_.Begin(header);
    if (!upload.ok()) return upload.status();
    for (size_t i = 0; i < bytes.size(); i += 7) {
      const absl::Status status = (*upload)->Append(bytes.substr(i, 7));
      if (!status.ok()) return status;
    }
    return (*upload)->Finish();
  }
  size_t CountFiles() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      ++count;
    }
    return count;
  }

  TempFolder folder_;
  DatasetStore store_{folder_.path(), 4096};
};

TEST_F(DatasetStoreTest, SameContentSameId) {
  const auto first = Upload(kDialogues, Header(kDialogues, v1::DATASET_KIND_DIALOGUES));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->examples, 2u);
  EXPECT_TRUE(first->has_references);
  EXPECT_EQ(ReadFile(first->path).value(), kDialogues);
  const auto second = Upload(kDialogues, Header(kDialogues, v1::DATASET_KIND_DIALOGUES));
  EXPECT_EQ(second->id, first->id);
  EXPECT_EQ(store_.Find(first->id)->examples, 2u);
  EXPECT_EQ(CountFiles(), 2u);  // the data and what is known of it
}

TEST_F(DatasetStoreTest, KnowsThatSummariesAreMissing) {
  const std::string bytes = "{\"dialogue\":\"#Person1#: Hi.\"}\n";
  const auto stored = Upload(bytes, Header(bytes, v1::DATASET_KIND_DIALOGUES));
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_FALSE(stored->has_references);
}

TEST_F(DatasetStoreTest, ListsByIdWithNameAndSize) {
  EXPECT_TRUE(store_.List().empty());
  const std::string pairs = "{\"prompt\":\"a\",\"response\":\"b\"}\n";
  const auto second = Upload(pairs, Header(pairs, v1::DATASET_KIND_PAIRS, "my pairs.jsonl"));
  const auto first = Upload(kDialogues, Header(kDialogues, v1::DATASET_KIND_DIALOGUES));
  ASSERT_TRUE(first.ok() && second.ok());
  const auto listed = store_.List();
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].id, first->id);
  EXPECT_EQ(listed[1].filename, "my pairs.jsonl");
  EXPECT_EQ(listed[1].bytes, pairs.size());
}

TEST_F(DatasetStoreTest, WhatIsNotRecordedComesFromTheStoredFile) {
  const auto stored = Upload(kDialogues, Header(kDialogues, v1::DATASET_KIND_DIALOGUES));
  ASSERT_TRUE(stored.ok()) << stored.status();
  const auto about = folder_.path() / (stored->id + ".json");
  const std::string file = stored->path.filename().string();
  ASSERT_TRUE(
      WriteFileAtomically(about, "{\"kind\":1,\"examples\":2,\"file\":\"" + file + "\"}").ok());
  ASSERT_EQ(store_.List().size(), 1u);
  EXPECT_EQ(store_.List()[0].filename, file);
  EXPECT_EQ(store_.List()[0].bytes, sizeof(kDialogues) - 1);
  ASSERT_TRUE(WriteFileAtomically(about, "{\"file\":7}").ok());
  EXPECT_TRUE(store_.List().empty());
}

struct UploadCase {
  const char* why;
  std::string bytes;
  std::function<void(v1::UploadHeader&)> spoil;
  const char* message;
};

TEST_F(DatasetStoreTest, ErrorsSayWhatIsWrongAndLeaveNothing) {
  const UploadCase cases[] = {
      {"extension", kDialogues, [](auto& h) { h.set_filename("a.txt"); }, ".jsonl or .csv"},
      {"kind", kDialogues, [](auto& h) { h.set_kind(v1::DATASET_KIND_UNSPECIFIED); }, "LABELLED"},
      {"no digest", kDialogues, [](auto& h) { h.set_sha256("abc"); }, "64 lower-case"},
      {"other digest", kDialogues, [](auto& h) { h.set_sha256(std::string(64, '0')); },
       "send it again"},
      {"too large", kDialogues, [](auto& h) { h.set_total_bytes(5000); }, "4096"},
      {"more bytes", kDialogues, [](auto& h) { h.set_total_bytes(10); }, "more bytes"},
      {"fewer bytes", kDialogues, [](auto& h) { h.set_total_bytes(1000); }, "whole file"},
      {"wrong column", kDialogues, [](auto& h) { h.set_kind(v1::DATASET_KIND_LABELLED); }, "line"},
  };
  for (const UploadCase& c : cases) {
    v1::UploadHeader header = Header(c.bytes, v1::DATASET_KIND_DIALOGUES);
    c.spoil(header);
    const auto stored = Upload(c.bytes, header);
    ASSERT_FALSE(stored.ok()) << c.why;
    EXPECT_THAT(std::string(stored.status().message()), HasSubstr(c.message)) << c.why;
    EXPECT_EQ(CountFiles(), 0u) << c.why;
  }
}

TEST_F(DatasetStoreTest, UnknownAndEscapingIdsAreErrors) {
  EXPECT_TRUE(absl::IsNotFound(store_.Find("nope").status()));
  EXPECT_FALSE(store_.Find("../../etc/passwd").ok());
}

}  // namespace
}  // namespace tact

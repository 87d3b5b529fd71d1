#include "common/base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace tact {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(FileTest, WritesWholeAndLeavesNothingElse) {
  const fs::path path = folder_ / "a.txt";
  ASSERT_TRUE(WriteFileAtomically(path, "one").ok());
  ASSERT_TRUE(WriteFileAtomically(path, "two").ok());
  EXPECT_EQ(*ReadFile(path), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(FileTest, ErrorsNameThePath) {
  const auto missing = ReadFile(folder_ / "missing");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("missing"));
  EXPECT_EQ(ReadFile(folder_).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(WriteFileAtomically(folder_ / "no" / "such", "x").ok());
}

TEST_F(FileTest, ReadsUpToItsLimit) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", "12345").ok());
  EXPECT_TRUE(ReadFile(folder_ / "a", 5).ok());
  EXPECT_EQ(ReadFile(folder_ / "a", 4).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FileTest, WhatIsWrittenInPiecesIsReadInPieces) {
  const fs::path path = folder_ / "a";
  const std::string large((size_t{2} << 20) + 7, 'x');
  const std::string_view pieces[] = {"head", "", large, "tail"};
  ASSERT_TRUE(WriteFileAtomically(path, pieces).ok());
  EXPECT_EQ(*ReadFile(path), "head" + large + "tail");
  std::string read;
  int count = 0;
  const auto take = [&](std::string_view piece) {
    read += piece;
    ++count;
  };
  ASSERT_TRUE(ReadPieces(path, take).ok());
  EXPECT_EQ(read, "head" + large + "tail");
  EXPECT_EQ(count, 3);
  EXPECT_EQ(ReadPieces(folder_ / "missing", take).code(), absl::StatusCode::kNotFound);
}

TEST_F(FileTest, ConfinesPathsToTheRoot) {
  fs::create_directories(folder_ / "in");
  fs::create_symlink("/etc", folder_ / "in" / "out");
  fs::create_symlink("../nowhere", folder_ / "in" / "gone");
  for (const char* inside : {"a", "b/c", "./d", "b/../e", ""}) {
    EXPECT_TRUE(ConfinePath(folder_ / "in", inside).ok()) << inside;
  }
  for (const char* outside : {"../x", "a/../../x", "/etc/passwd", "out/passwd", "gone"}) {
    EXPECT_EQ(ConfinePath(folder_ / "in", outside).status().code(),
              absl::StatusCode::kPermissionDenied)
        << outside;
  }
  EXPECT_FALSE(ConfinePath(folder_ / "in", std::string_view("..\0", 3)).ok());
}

// Pages of a part of this process's memory that are in memory now, in KB; /proc counts them.
size_t ResidentKb(const std::byte* begin) {
  std::ifstream smaps("/proc/self/smaps");
  std::string line, address;
  std::stringstream hex;
  hex << std::hex << reinterpret_cast<uintptr_t>(begin);
  bool found = false;
  while (std::getline(smaps, line)) {
    if (line.starts_with(hex.str() + "-")) found = true;
    if (found && line.starts_with("Rss:")) return std::stoul(line.substr(4));
  }
  return 0;
}

TEST_F(FileTest, ReleasedPartsLeaveMemoryAndAreReadAgain) {
  constexpr size_t kSize = size_t{4} << 20, kPiece = 100'000;
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", std::string(kSize, 'x')).ok());
  const auto file = *MappedFile::Open(folder_ / "a");
  size_t peak = 0;
  for (size_t at = 0; at < kSize; at += kPiece) {
    const auto part = file->bytes().subspan(at, std::min(kPiece, kSize - at));
    EXPECT_EQ(std::ranges::count(part, std::byte{'x'}), std::ssize(part));
    file->Release(part);
    peak = std::max(peak, ResidentKb(file->bytes().data()));
  }
  EXPECT_LT(peak, 300u);
  const std::string elsewhere(kPiece, 'y');
  file->Release(std::as_bytes(std::span<const char>(elsewhere)));
  EXPECT_EQ(elsewhere, std::string(kPiece, 'y'));
  EXPECT_EQ(file->bytes().front(), std::byte{'x'});
}

TEST_F(FileTest, MapsFilesEmptyOnesToo) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", "abc").ok());
  ASSERT_TRUE(WriteFileAtomically(folder_ / "empty", "").ok());
  EXPECT_EQ((*MappedFile::Open(folder_ / "a"))->bytes().size(), 3u);
  EXPECT_EQ((*MappedFile::Open(folder_ / "empty"))->bytes().size(), 0u);
  EXPECT_FALSE(MappedFile::Open(folder_ / "missing").ok());
}

}  // namespace
}  // namespace tact

#include "common/base/sha256.h"

#include <gtest/gtest.h>

#include "common/base/file.h"

namespace tact {
namespace {

TEST(Sha256Test, KnownAnswers) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256Test, PiecesAddUp) {
  Sha256 hash;
  hash.Update("a");
  hash.Update("");
  hash.Update("bc");
  EXPECT_EQ(hash.HexDigest(), Sha256Hex("abc"));
}

TEST(Sha256Test, AFileHasTheDigestOfItsBytes) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "sha256-of-file";
  const std::string bytes((size_t{1} << 20) + 3, 'a');
  ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  EXPECT_EQ(Sha256OfFile(path).value(), Sha256Hex(bytes));
  std::filesystem::remove(path);
  EXPECT_EQ(Sha256OfFile(path).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tact

// ConfinePath, which every name that a client gives goes through: whatever the name, what comes
// back lies beneath the root, or nothing does.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "common/base/file.h"
#include "common/base/random.h"

namespace tact {
namespace {

namespace fs = std::filesystem;
using std::string_view_literals::operator""sv;

// root/{folder/file, inner -> folder, out -> ../outside, top -> /, loop -> loop, gone -> nowhere}
class ConfineTest : public ::testing::Test {
 protected:
  ConfineTest() {
    std::string pattern = (fs::temp_directory_path() / "tact-confine-XXXXXX").string();
    base_ = fs::canonical(mkdtemp(pattern.data()));
    root_ = base_ / "root";
    fs::create_directories(root_ / "folder");
    fs::create_directories(base_ / "outside");
    fs::create_directories(base_ / "root-of-another");
    std::ofstream(root_ / "folder/file") << "inside";
    std::ofstream(base_ / "outside/file") << "outside";
    fs::create_directory_symlink("folder", root_ / "inner");
    fs::create_directory_symlink("../outside", root_ / "out");
    fs::create_directory_symlink("/", root_ / "top");
    fs::create_symlink("loop", root_ / "loop");
    fs::create_symlink("../nowhere", root_ / "gone");
  }
  ~ConfineTest() override { fs::remove_all(base_); }

  // Beneath the root as it is written, and without a link on the way there, be it one to nowhere:
  // a file made there would be elsewhere.
  bool IsBeneath(const fs::path& path) const {
    const std::string text = path.native();
    if (text != root_.native() && !text.starts_with(root_.native() + "/")) return false;
    if (text.find('\0') != text.npos) return false;
    fs::path step;
    for (const fs::path& part : path) {
      step /= part;
      std::error_code error;
      if (part == ".." || fs::is_symlink(fs::symlink_status(step, error))) return false;
    }
    return true;
  }

  std::string RandomName(CounterRng& random) const {
    constexpr std::array kParts = {".."sv,       "."sv,           ""sv,
                                   "folder"sv,   "file"sv,        "inner"sv,
                                   "out"sv,      "top"sv,         "loop"sv,
                                   "gone"sv,     "etc"sv,         "%2e%2e"sv,
                                   "..\\.."sv,   "...."sv,        "a\0b"sv,
                                   "..\0"sv,     "\0"sv,          "~"sv,
                                   "\xff\xfe"sv, "\n"sv,          "root-of-another"sv,
                                   "outside"sv,  "\u2024\u2024"sv};
    std::string name = random.Below(6) == 0 ? "/" : "";
    if (random.Below(12) == 0) name = root_.native() + "/";
    if (random.Below(12) == 0) name = root_.native() + "-of-another/";
    for (uint64_t parts = random.Below(8); parts > 0; --parts) {
      name += random.Below(40) == 0 ? std::string(random.Below(5000), 'x')
                                    : std::string(kParts[random.Below(kParts.size())]);
      if (random.Below(10) > 0) name += '/';
    }
    return name;
  }

  fs::path base_, root_;
};

TEST_F(ConfineTest, WhateverTheNameWhatComesBackLiesBeneathTheRoot) {
  CounterRng random(17);
  int inside = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = RandomName(random);
    const auto path = ConfinePath(root_, name);
    if (path.ok()) {
      ++inside;
      ASSERT_TRUE(IsBeneath(*path)) << name << " gives " << *path;
    } else {
      ASSERT_EQ(path.status().code(), absl::StatusCode::kPermissionDenied) << name;
      ASSERT_FALSE(path.status().message().empty()) << name;
    }
  }
  EXPECT_GT(inside, 1000) << "else the names reach nothing";
  EXPECT_LT(inside, 15'000);
}

// A NUL ends a name for the kernel: what was checked would not be what is opened.
TEST_F(ConfineTest, NamesWithANulAreRefused) {
  for (const std::string_view name : {"folder/file\0.json"sv, "\0"sv, "folder\0/../../x"sv}) {
    EXPECT_FALSE(ConfinePath(root_, name).ok());
  }
}

TEST_F(ConfineTest, ANameBesideTheRootIsNotBeneathIt) {
  EXPECT_FALSE(ConfinePath(root_, "../root-of-another").ok());
  EXPECT_FALSE(ConfinePath(root_, (base_ / "root-of-another").native()).ok());
  EXPECT_TRUE(ConfinePath(root_, (root_ / "folder").native()).ok());
}

// Who can exchange links beneath the root can write there: after the answer nothing holds. The
// answer itself is beneath the root at every moment.
TEST_F(ConfineTest, ALinkThatChangesMeanwhileNeverGivesAPathOutside) {
  std::atomic<bool> stop = false;
  std::thread changer([&] {
    const fs::path next = root_ / "next", shifty = root_ / "shifty";
    for (int i = 0; !stop; ++i) {
      std::error_code error;
      fs::create_directory_symlink(i % 2 == 0 ? "folder" : "../outside", next, error);
      fs::rename(next, shifty, error);
    }
  });
  int inside = 0, refused = 0;
  for (int i = 0; i < 200'000 && (i < 5000 || inside == 0 || refused == 0); ++i) {
    const auto path = ConfinePath(root_, "shifty/file");
    path.ok() ? ++inside : ++refused;
    if (path.ok()) {
      ASSERT_TRUE(path->native().starts_with(root_.native() + "/")) << *path;
    }
  }
  stop = true;
  changer.join();
  EXPECT_GT(inside, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace tact

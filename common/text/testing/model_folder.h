// A tokenizer's folder that a test may change, and both flavours to load it in.
#ifndef TACT_COMMON_TEXT_TESTING_MODEL_FOLDER_H_
#define TACT_COMMON_TEXT_TESTING_MODEL_FOLDER_H_

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "common/text/tokenizer.h"

namespace tact {

inline constexpr auto kFast = TokenizerFlavor::kFast;
inline constexpr auto kSlow = TokenizerFlavor::kSlow;
inline constexpr std::array kFlavors = {kFast, kSlow};

// A folder of its own for a test, with a copy of one of the tiny tokenizers.
class ModelFolder {
 public:
  explicit ModelFolder(const char* like = nullptr) {
    std::string name = testing::TempDir() + "tokenizer_XXXXXX";
    path_ = ::mkdtemp(name.data());
    if (like != nullptr) std::filesystem::copy(std::string("testdata/") + like, path_);
  }
  ~ModelFolder() { std::filesystem::remove_all(path_); }
  void Write(const char* file, std::string_view text) const {
    std::ofstream(path_ / file, std::ios::binary) << text;
  }
  std::string Read(const char* file) const {
    std::ifstream in(path_ / file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_TESTING_MODEL_FOLDER_H_

// What a missing, damaged or foreign model folder says at start.
#include "services/policy/policy_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>

#include "common/base/file.h"
#include "common/base/strings.h"
#include "services/policy/testing/tiny_model.h"

namespace tact {
namespace {

namespace fs = std::filesystem;

struct BadFolder {
  const char* why;
  std::function<void(const fs::path&)> spoil;
  const char* names;
};

fs::path MakeFolder() {
  const fs::path folder = fs::path(::testing::TempDir()) / StrCat("policy-model-", ::getpid());
  const char* source = std::getenv("TACT_SOURCE_DIR");
  fs::remove_all(folder);
  const T5Config config = testing::TinyConfig(9000);
  testing::WriteModelFolder(folder, config, testing::RandomWeights(config, 1));
  fs::copy_file(
      fs::path(source == nullptr ? "../.." : source) / "common/text/testdata/t5/spiece.model",
      folder / "spiece.model");
  return folder;
}

void Overwrite(const fs::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
}

TEST(PolicyModelTest, BadFoldersNameTheFile) {
  const BadFolder cases[] = {
      {"no folder", [](const fs::path& f) { fs::remove_all(f); }, "--model"},
      {"no config", [](const fs::path& f) { fs::remove(f / "config.json"); }, "config.json"},
      {"config is not JSON", [](const fs::path& f) { Overwrite(f / "config.json", "{"); },
       "config.json"},
      {"a classifier",
       [](const fs::path& f) { Overwrite(f / "config.json", R"({"model_type": "roberta"})"); },
       "model_type"},
      {"no weights", [](const fs::path& f) { fs::remove(f / "model.safetensors"); },
       "model.safetensors"},
      {"truncated weights",
       [](const fs::path& f) {
         fs::resize_file(f / "model.safetensors", fs::file_size(f / "model.safetensors") - 100);
       },
       "model.safetensors"},
      {"no tokenizer", [](const fs::path& f) { fs::remove(f / "spiece.model"); }, "spiece.model"},
      {"weights of another size",
       [](const fs::path& f) {
         T5Config config = testing::TinyConfig(9000);
         config.d_ff = 48;
         Overwrite(f / "config.json", config.ToJson());
       },
       "DenseReluDense"},
      {"an end token outside the vocabulary",
       [](const fs::path& f) {
         Overwrite(f / "generation_config.json", R"({"eos_token_id": 9000})");
       },
       "generation_config.json"},
  };
  const fs::path folder = MakeFolder();
  EXPECT_TRUE(LoadPolicyModel(folder, {}).ok());
  for (const BadFolder& c : cases) {
    MakeFolder();
    c.spoil(folder);
    const auto model = LoadPolicyModel(folder, {});
    ASSERT_FALSE(model.ok()) << c.why;
    EXPECT_THAT(std::string(model.status().message()), ::testing::HasSubstr(c.names)) << c.why;
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace tact

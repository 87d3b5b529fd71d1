#include "services/policy/model_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tact {
namespace {

using ::testing::HasSubstr;

ServedEntry Entry(const std::string& name, uint64_t version, const std::string& sha = "aa") {
  return {.name = name, .weight_version = version, .sha256 = sha};
}

TEST(ModelRegistryTest, FindsBaseByDefaultAndListsNamesWhenLost) {
  ModelRegistry registry({}, 3);
  ASSERT_TRUE(registry.Publish(Entry("policy", 1)).ok());
  EXPECT_EQ(registry.Find("", "model")->name, "base");
  EXPECT_EQ(registry.Find("policy", "model")->weight_version, 1u);
  const absl::Status lost = registry.Find("polcy", "model").status();
  EXPECT_EQ(lost.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(lost.message()), HasSubstr("base, policy"));
}

struct PushCase {
  const char* why;
  PushTarget target;
  absl::StatusCode code;
};

TEST(ModelRegistryTest, VersionsOnlyGrow) {
  ModelRegistry registry({}, 2);
  ASSERT_TRUE(registry.Publish(Entry("policy", 5, "aa")).ok());
  const PushCase cases[] = {
      {"newer", {"policy", 6, "bb"}, absl::StatusCode::kOk},
      {"the same push again", {"policy", 5, "aa"}, absl::StatusCode::kOk},
      {"the same version, other bytes", {"policy", 5, "bb"}, absl::StatusCode::kAborted},
      {"older", {"policy", 4, "aa"}, absl::StatusCode::kAborted},
      {"one name too many", {"other", 1, "aa"}, absl::StatusCode::kResourceExhausted},
  };
  for (const PushCase& c : cases) {
    EXPECT_EQ(registry.CheckPush(c.target).status().code(), c.code) << c.why;
  }
  EXPECT_EQ(*registry.CheckPush({"policy", 5, "aa"}), ModelRegistry::PushCheck::kAlreadyServed);
}

TEST(ModelRegistryTest, TheLoserOfTwoPushesIsRefusedAtTheSwap) {
  ModelRegistry registry({}, 2);
  ASSERT_TRUE(registry.CheckPush({"policy", 1, "aa"}).ok());
  ASSERT_TRUE(registry.Publish(Entry("policy", 2)).ok());
  EXPECT_EQ(registry.Publish(Entry("policy", 1)).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(registry.Find("policy", "model")->weight_version, 2u);
}

TEST(ModelRegistryTest, AReaderKeepsWhatItFound) {
  ModelRegistry registry({}, 2);
  ServedEntry first = Entry("policy", 1);
  first.weights.adapter = std::make_shared<Adapter>();
  ASSERT_TRUE(registry.Publish(first).ok());
  const ServedEntry held = *registry.Find("policy", "model");
  ASSERT_TRUE(registry.Publish(Entry("policy", 2)).ok());
  EXPECT_EQ(held.weights.adapter, first.weights.adapter);
}

TEST(ModelRegistryTest, PushNames) {
  for (const char* good : {"policy", "p-1_a.b", "0"}) {
    EXPECT_TRUE(ValidatePushName(good, "header.model").ok()) << good;
  }
  for (const std::string bad : {"", "base", "Policy", "a/b", "a b", "\xc3\xa9"}) {
    EXPECT_EQ(ValidatePushName(bad, "header.model").code(), absl::StatusCode::kInvalidArgument)
        << bad;
  }
  EXPECT_FALSE(ValidatePushName(std::string(65, 'a'), "header.model").ok());
}

}  // namespace
}  // namespace tact

#include "services/trainer/ranks/rank_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "services/trainer/ranks/rank_share.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

using Variables = std::map<std::string, std::string>;

absl::StatusOr<RankSettings> Parse(const Variables& variables) {
  return ParseRankSettings([&](const char* name) -> std::optional<std::string> {
    const auto it = variables.find(name);
    return it == variables.end() ? std::nullopt : std::optional<std::string>(it->second);
  });
}

Variables With(const Variables& changes) {
  Variables out = {
      {"WORLD_SIZE", "3"}, {"RANK", "2"}, {"MASTER_ADDR", "10.0.0.7"}, {"MASTER_PORT", "29500"}};
  for (const auto& [name, value] : changes) out[name] = value;
  return out;
}

TEST(RankSettings, ReadsWhatTorchrunSets) {
  const auto settings = Parse(With({{"GLOO_SOCKET_IFNAME", "eth1"}}));
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->rank, 2);
  EXPECT_EQ(settings->world_size, 3);
  EXPECT_EQ(settings->meeting_point(), "10.0.0.7:29500");
  EXPECT_EQ(settings->interface, "eth1");
}

TEST(RankSettings, OneProcessNeedsNothingElse) {
  for (const Variables& variables : {Variables{}, Variables{{"WORLD_SIZE", ""}, {"RANK", "7"}},
                                     Variables{{"WORLD_SIZE", "1"}, {"MASTER_PORT", "x"}}}) {
    const auto settings = Parse(variables);
    ASSERT_TRUE(settings.ok()) << settings.status();
    EXPECT_TRUE(settings->alone());
    EXPECT_EQ(settings->rank, 0);
  }
}

TEST(RankSettings, ErrorsNameVariableValueAndCure) {
  struct Case {
    Variables changes;
    std::vector<std::string> said;
  };
  const Case cases[] = {
      {{{"WORLD_SIZE", "two"}}, {"WORLD_SIZE", "two", "how many trainer processes"}},
      {{{"WORLD_SIZE", "0"}}, {"WORLD_SIZE", "from 1 to"}},
      {{{"RANK", "3"}}, {"RANK", "found 3", "from 0 to 2"}},
      {{{"RANK", "-1"}}, {"RANK", "found -1"}},
      {{{"RANK", "1st"}}, {"RANK", "1st", "whole number"}},
      {{{"RANK", ""}}, {"RANK", "is not set", "unset WORLD_SIZE"}},
      {{{"MASTER_ADDR", ""}}, {"MASTER_ADDR", "the host of rank 0"}},
      {{{"MASTER_PORT", ""}}, {"MASTER_PORT", "is not set"}},
      {{{"MASTER_PORT", "0"}}, {"MASTER_PORT", "from 1 to 65535"}},
      {{{"MASTER_PORT", "70000"}}, {"MASTER_PORT", "70000"}},
  };
  for (const Case& c : cases) {
    const auto settings = Parse(With(c.changes));
    ASSERT_TRUE(absl::IsInvalidArgument(settings.status())) << c.said[0];
    for (const std::string& part : c.said) {
      EXPECT_THAT(std::string(settings.status().message()), HasSubstr(part));
    }
  }
}

TEST(RankShare, EveryItemOnceAndSharesOfLikeSize) {
  for (size_t items : {0u, 1u, 2u, 5u, 16u, 17u}) {
    for (size_t ranks : {1u, 2u, 3u, 7u}) {
      size_t next = 0;
      for (size_t rank = 0; rank < ranks; ++rank) {
        const RankShare share = ShareOf(items, rank, ranks);
        EXPECT_EQ(share.begin, next);
        EXPECT_GE(share.size, items / ranks);
        EXPECT_LE(share.size, items / ranks + 1);
        next += share.size;
      }
      EXPECT_EQ(next, items);
    }
  }
}

}  // namespace
}  // namespace tact

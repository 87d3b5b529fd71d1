#include "services/trainer/ranks/shared_store.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <limits>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "services/trainer/ranks/rank_group.h"
#include "services/trainer/testing/thread_ranks.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(5);

class SharedStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    host_ = SharedStore::Host(settings_, kPatience).value();
    worker_ = SharedStore::Connect(settings_, kPatience).value();
  }

  const RankSettings settings_ = LoopbackSettings(0, 2, FreePort());
  std::unique_ptr<SharedStore> host_, worker_;
};

TEST_F(SharedStoreTest, ValuesAndCountersAreSeenByAll) {
  EXPECT_EQ(worker_->Get("name").value(), std::nullopt);
  const std::string bytes("a\0b\xff", 4);
  ASSERT_TRUE(host_->Set("name", bytes).ok());
  EXPECT_EQ(worker_->Get("name").value(), bytes);
  ASSERT_TRUE(worker_->Set("name", "").ok());
  EXPECT_EQ(host_->Get("name").value(), "");
  EXPECT_EQ(worker_->Add("count", 2).value(), 2);
  EXPECT_EQ(host_->Add("count", -5).value(), -3);
  EXPECT_EQ(host_->Add("count", 0).value(), -3);
  EXPECT_TRUE(host_->Remove("name").value());
  EXPECT_TRUE(worker_->Remove("count").value());
  EXPECT_FALSE(worker_->Remove("count").value());
  EXPECT_EQ(worker_->Get("name").value(), std::nullopt);
  EXPECT_EQ(worker_->Add("count", 1).value(), 1);
}

TEST_F(SharedStoreTest, ACounterDoesNotWrapAround) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(worker_->Add("count", kMost).value(), kMost);
  EXPECT_THAT(std::string(worker_->Add("count", 1).status().message()),
              HasSubstr("amount: the counter stands at"));
  EXPECT_EQ(host_->Add("count", -1).value(), kMost - 1);
}

// As from a rank that was stopped while it sent.
TEST_F(SharedStoreTest, HalfARequestStopsNobody) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(settings_.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<int> stuck;
  constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (size_t length = 1; length <= kPreface.size(); ++length) {
    stuck.push_back(::socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(::connect(stuck.back(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(::send(stuck.back(), kPreface.data(), length, 0), static_cast<ssize_t>(length));
  }
  EXPECT_EQ(worker_->Add("count", 1).value(), 1);
  EXPECT_EQ(host_->Add("count", 1).value(), 2);
  EXPECT_TRUE(SharedStore::Connect(settings_, kPatience).ok());
  for (const int socket : stuck) ::close(socket);
}

TEST_F(SharedStoreTest, ARankZeroThatWasStartedAgainIsNotTheOneBefore) {
  host_.reset();
  const absl::Status gone = worker_->Set("name", "x");
  EXPECT_TRUE(IsRankLost(gone)) << gone;
  EXPECT_THAT(std::string(gone.message()), HasSubstr("rank 0 at 127.0.0.1"));
  host_ = SharedStore::Host(settings_, kPatience).value();
  absl::Status other = absl::OkStatus();
  for (int i = 0; i < 50; ++i) {  // until the connection is there again
    other = worker_->Set("name", "x");
    if (absl::StrContains(other.message(), "another start")) break;
    absl::SleepFor(absl::Milliseconds(100));
  }
  EXPECT_TRUE(IsRankLost(other)) << other;
  EXPECT_THAT(std::string(other.message()), HasSubstr("another start of rank 0"));
  EXPECT_EQ(host_->Get("name").value(), std::nullopt);
}

TEST(SharedStore, NobodyThereIsSaidAfterTheTimeout) {
  const auto store =
      SharedStore::Connect(LoopbackSettings(1, 2, FreePort()), absl::Milliseconds(300));
  EXPECT_TRUE(IsRankLost(store.status())) << store.status();
  EXPECT_THAT(std::string(store.status().message()), HasSubstr("MASTER_ADDR"));
}

}  // namespace
}  // namespace tact

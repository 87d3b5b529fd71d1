// Ranks as threads of a test, which meet over loopback as processes do.
#ifndef TACT_SERVICES_TRAINER_TESTING_THREAD_RANKS_H_
#define TACT_SERVICES_TRAINER_TESTING_THREAD_RANKS_H_

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "services/trainer/ranks/rank_host.h"
#include "services/trainer/ranks/rank_worker.h"

namespace tact {

// A port that nobody listens at now.
inline uint16_t FreePort() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ::bind(listener, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(listener);
  return ntohs(address.sin_port);
}

inline RankSettings LoopbackSettings(int rank, int world_size, uint16_t port) {
  return {rank, world_size, "127.0.0.1", port, ""};
}

// Short, so that tests of lost ranks end soon.
inline RankTimes QuickTimes() {
  return {.beat = absl::Milliseconds(50),
          .lost_after = absl::Seconds(4),
          .transfer = absl::Seconds(5),
          .join = absl::Seconds(30)};
}

// Runs `body` once on each of `world_size` ranks, as one job; 1 is a rank by itself.
inline void OnRanks(int world_size, const std::function<void(RankGroup&)>& body) {
  if (world_size == 1) {
    SingleRank alone;
    return body(alone);
  }
  const uint16_t port = FreePort();
  const auto host = RankHost::Start(LoopbackSettings(0, world_size, port), QuickTimes());
  ASSERT_TRUE(host.ok()) << host.status();
  std::vector<std::thread> workers;
  for (int rank = 1; rank < world_size; ++rank) {
    workers.emplace_back([&, rank] {
      const auto worker = RankWorker::Join(LoopbackSettings(rank, world_size, port), QuickTimes(),
                                           [] { return absl::OkStatus(); });
      ASSERT_TRUE(worker.ok()) << worker.status();
      ASSERT_TRUE((*worker)->NextJob().ok());
      body((*worker)->group());
      EXPECT_TRUE((*worker)->WaitForEnd(absl::Seconds(20)).ok());
    });
  }
  const auto group = (*host)->Form([](const std::string&) { return absl::OkStatus(); });
  EXPECT_TRUE(group.ok()) << group.status();
  if (group.ok() && (*host)->BeginJob("job").ok()) body(**group);
  (*host)->EndJob("done");
  for (std::thread& worker : workers) worker.join();
}

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_TESTING_THREAD_RANKS_H_

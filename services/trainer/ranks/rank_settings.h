// Which of how many processes this one is and where they meet, from the environment that torchrun
// and its like set.
#ifndef TACT_SERVICES_TRAINER_RANKS_RANK_SETTINGS_H_
#define TACT_SERVICES_TRAINER_RANKS_RANK_SETTINGS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/rpc/address.h"
#include "common/rpc/credentials.h"

namespace tact {

struct RankSettings {
  int rank = 0;           // RANK
  int world_size = 1;     // WORLD_SIZE, 1 to 1024
  std::string address;    // MASTER_ADDR: host of rank 0
  uint16_t port = 0;      // MASTER_PORT: where rank 0 listens for the others
  std::string interface;  // GLOO_SOCKET_IFNAME; empty: the one that the host's name leads to
  // TLS of the store where the ranks meet; null is plain HTTP/2.
  ServerCredentials store_credentials = nullptr;
  ClientCredentials peer_credentials = nullptr;

  bool alone() const { return world_size == 1; }
  std::string meeting_point() const {
    const bool bare_ipv6 = address.find(':') != std::string::npos && address.front() != '[';
    return (bare_ipv6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
  }
  // All ranks are on one machine.
  bool on_loopback() const { return IsLoopback(address); }
};

// The value of a variable, or nothing where it is not set.
using EnvironmentLookup = std::function<std::optional<std::string>(const char* name)>;

// WORLD_SIZE unset or 1 is one process by itself, whatever the other variables hold.
// INVALID_ARGUMENT names the variable, its value and the cure.
absl::StatusOr<RankSettings> ParseRankSettings(const EnvironmentLookup& lookup);
std::optional<std::string> ProcessEnvironment(const char* name);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_RANK_SETTINGS_H_

// Addresses to listen on: host:port, and whether only this machine can reach them.
#ifndef TACT_COMMON_RPC_ADDRESS_H_
#define TACT_COMMON_RPC_ADDRESS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tact {

struct HostPort {
  std::string host;
  int port = 0;  // 0 to 65535
};

// "127.0.0.1:7001", "[::1]:7001", "localhost:7001"; INVALID_ARGUMENT names the flag.
absl::StatusOr<HostPort> ParseAddress(std::string_view flag, const std::string& address);

// "localhost", 127.0.0.0/8, ::1 with or without brackets. A name that only looks like one of them
// ("127.example.com") is none.
bool IsLoopback(std::string_view host);

}  // namespace tact

#endif  // TACT_COMMON_RPC_ADDRESS_H_

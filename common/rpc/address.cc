#include "common/rpc/address.h"

#include <arpa/inet.h>

#include <cstring>

#include "absl/strings/numbers.h"
#include "common/base/status.h"

namespace tact {

absl::StatusOr<HostPort> ParseAddress(std::string_view flag, const std::string& address) {
  const size_t colon = address.rfind(':');
  HostPort out;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &out.port) ||
      out.port < 0 || out.port > 65535) {
    return FieldError(flag, address, "not an address", "write host:port, e.g. 127.0.0.1:7001");
  }
  out.host = address.substr(0, colon);
  return out;
}

bool IsLoopback(std::string_view host) {
  if (host == "localhost") return true;
  std::string text(host);
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  in6_addr six{};
  return inet_pton(AF_INET6, text.c_str(), &six) == 1 &&
         std::memcmp(&six, &in6addr_loopback, sizeof(six)) == 0;
}

}  // namespace tact

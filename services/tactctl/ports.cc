#include "services/tactctl/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact::ctl {
namespace {

// A listening socket on loopback: holds a port as long as it lives.
class HeldPort {
 public:
  explicit HeldPort(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket_, generic, size) != 0 || ::listen(socket_, 1) != 0) return;
    if (getsockname(socket_, generic, &size) == 0) port_ = ntohs(address.sin_port);
  }
  ~HeldPort() {
    if (socket_ >= 0) close(socket_);
  }
  HeldPort(HeldPort&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), port_(other.port_) {}
  HeldPort& operator=(HeldPort&&) = delete;

  int port() const { return port_; }  // 0: could not be had

 private:
  int socket_;
  int port_ = 0;
};

absl::Status InUse(int first, int port, std::string_view service) {
  return MakeError(
      absl::StatusCode::kFailedPrecondition,
      {"PORT_IN_USE", "--ports", StrCat(first),
       "stop what listens there, or choose another first port, e.g. --ports 7201 (0 takes free "
       "ones)"},
      StrCat("port ", port, " of tact-", service, " is in use"));
}

PortMap FreePorts() {
  std::vector<HeldPort> held;  // all at once, so that no port comes twice
  PortMap ports;
  for (const ServiceEntry& service : kServices) {
    const int grpc = held.emplace_back(0).port();
    ports[std::string(service.name)] = {grpc, held.emplace_back(0).port()};
  }
  return ports;
}

}  // namespace

absl::StatusOr<PortMap> ChoosePorts(int first) {
  if (first == 0) return FreePorts();
  PortMap ports;
  for (const ServiceEntry& service : kServices) {
    const int grpc = first + service.default_port - DefaultPort("policy");
    for (const int port : {grpc, grpc + kHttpPortOffset}) {
      if (HeldPort(port).port() == 0) return InUse(first, port, service.name);
    }
    ports[std::string(service.name)] = {grpc, grpc + kHttpPortOffset};
  }
  return ports;
}

}  // namespace tact::ctl

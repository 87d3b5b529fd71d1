#include "tests/fault/proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <vector>

namespace tact::testing {
namespace {

constexpr size_t kChunk = 64 << 10, kMostPending = 256 << 10, kSlowChunk = 256;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

void MakeFast(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(socket, F_SETFL, O_NONBLOCK);
}

int Connect(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (port > 0 && connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  close(socket);
  return -1;
}

bool MustWait() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

TcpProxy::TcpProxy() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  listen(listener_, 64);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Loop(); });
}

TcpProxy::~TcpProxy() {
  stopping_ = true;
  thread_.join();
  for (Connection& connection : connections_) Close(connection);
  close(listener_);
}

void TcpProxy::Close(Connection& connection) {
  close(connection.there.from);
  close(connection.there.to);
}

void TcpProxy::Loop() {
  while (!stopping_) {
    const Wire wire = wire_;
    std::vector<pollfd> polled = {{listener_, POLLIN, 0}};
    if (wire == Wire::kPass) {
      for (const Connection& c : connections_) {
        for (const Flow* flow : {&c.there, &c.back}) {
          if (flow->pending.size() < kMostPending) polled.push_back({flow->from, POLLIN, 0});
          if (!flow->pending.empty()) polled.push_back({flow->to, POLLOUT, 0});
        }
      }
    }
    poll(polled.data(), polled.size(), wire == Wire::kPass ? 20 : 5);
    Accept();
    ServeAll(wire);
  }
}

void TcpProxy::Accept() {
  int client = -1;
  while ((client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0) {
    const int server = wire_ == Wire::kCut ? -1 : Connect(target_);
    if (server < 0) {
      close(client);
      continue;
    }
    MakeFast(client);
    MakeFast(server);
    connections_.push_back({{client, server, ""}, {server, client, ""}});
  }
}

bool TcpProxy::Read(Flow& flow, size_t most) {
  if (flow.pending.size() >= kMostPending) return true;
  std::string buffer(most, '\0');
  const ssize_t size = recv(flow.from, buffer.data(), buffer.size(), 0);
  if (size > 0) flow.pending.append(buffer, 0, static_cast<size_t>(size));
  return size > 0 || (size < 0 && MustWait());
}

bool TcpProxy::Write(Flow& flow, size_t most) {
  if (flow.pending.empty()) return true;
  const ssize_t size =
      send(flow.to, flow.pending.data(), std::min(most, flow.pending.size()), MSG_NOSIGNAL);
  if (size > 0) flow.pending.erase(0, static_cast<size_t>(size));
  return size > 0 || MustWait();
}

void TcpProxy::ServeAll(Wire wire) {
  if (wire == Wire::kBlackHole) return;
  const size_t most = wire == Wire::kSlow ? kSlowChunk : kChunk;
  for (auto c = connections_.begin(); c != connections_.end();) {
    bool open = wire != Wire::kCut;
    for (Flow* flow : {&c->there, &c->back}) {
      open = open && Read(*flow, most) && Write(*flow, most);
    }
    if (!open) Close(*c);
    c = open ? std::next(c) : connections_.erase(c);
  }
}

}  // namespace tact::testing

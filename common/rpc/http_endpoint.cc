#include "common/rpc/http_endpoint.h"

#include <httplib.h>

#include <chrono>
#include <thread>

#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {

struct HttpEndpoint::State {
  httplib::Server server;
  std::thread thread;
};

HttpEndpoint::HttpEndpoint() : state_(std::make_unique<State>()) {}

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Start(const std::string& host,
                                                                  int port) {
  auto endpoint = std::unique_ptr<HttpEndpoint>(new HttpEndpoint());
  httplib::Server& server = endpoint->state_->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(2); };
  // Without SO_REUSEPORT, which the library sets by default, a port in use is an error.
  server.set_socket_options([](int socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  server.set_read_timeout(5, 0);
  server.set_payload_max_length(1024);
  server.Get("/metrics", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(MetricsText(), "text/plain; version=0.0.4; charset=utf-8");
  });
  server.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("ok\n", "text/plain");
  });
  server.Get("/readyz", [self = endpoint.get()](const httplib::Request&, httplib::Response& reply) {
    reply.status = self->ready_ ? 200 : 503;
    reply.set_content(self->ready_ ? "ready\n" : "not ready\n", "text/plain");
  });
  endpoint->port_ = port == 0 ? server.bind_to_any_port(host.c_str())
                              : (server.bind_to_port(host.c_str(), port) ? port : -1);
  if (endpoint->port_ <= 0) {
    return MakeError(absl::StatusCode::kUnavailable,
                     {"PORT_IN_USE", "--http-address", StrCat(host, ":", port),
                      "stop what listens there or choose another address"},
                     "cannot listen on this address");
  }
  endpoint->state_->thread = std::thread([&server] { server.listen_after_bind(); });
  // stop() before the loop has begun would be lost, and the destructor would wait for ever.
  while (!server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return endpoint;
}

HttpEndpoint::~HttpEndpoint() {
  state_->server.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

}  // namespace tact

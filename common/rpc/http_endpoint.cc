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

namespace {

// Any method but GET and HEAD.
httplib::Server::HandlerResponse RefuseWrites(const httplib::Request& request,
                                              httplib::Response& response) {
  if (request.method == "GET" || request.method == "HEAD") {
    return httplib::Server::HandlerResponse::Unhandled;
  }
  response.status = 405;
  response.set_header("Allow", "GET, HEAD");
  response.set_content("only GET and HEAD are answered\n", "text/plain");
  return httplib::Server::HandlerResponse::Handled;
}

void AddHealthRoutes(httplib::Server& server, const Condition& condition) {
  server.Get("/healthz", [&condition](const httplib::Request&, httplib::Response& reply) {
    const Condition::Answer answer = condition.Ask();
    reply.status = answer.alive ? 200 : 503;
    reply.set_content(answer.alive ? "ok\n" : answer.text + "\n", "text/plain");
  });
  server.Get("/readyz", [&condition](const httplib::Request&, httplib::Response& reply) {
    const Condition::Answer answer = condition.Ask();
    reply.status = answer.ready ? 200 : 503;
    reply.set_content(answer.text + "\n", "text/plain");
  });
}

void AddRoute(httplib::Server& server, const HttpRoute& route) {
  server.Get(route.pattern,
             [handler = route.handler](const httplib::Request& asked, httplib::Response& response) {
               HttpRequest request;
               for (size_t i = 1; i < asked.matches.size(); ++i)
                 request.groups.push_back(asked.matches[i]);
               for (const auto& [name, value] : asked.params) request.parameters[name] = value;
               const HttpReply reply = handler(request);
               response.status = reply.status;
               for (const auto& [name, value] : reply.headers)
                 response.set_header(name.c_str(), value);
               response.set_content(reply.body, reply.content_type.c_str());
             });
}

}  // namespace

HttpEndpoint::HttpEndpoint() : state_(std::make_unique<State>()) {}

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Start(
    const std::string& host, int port, const std::vector<HttpRoute>& routes) {
  auto endpoint = std::unique_ptr<HttpEndpoint>(new HttpEndpoint());
  httplib::Server& server = endpoint->state_->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(4); };
  // A connection holds a thread as long as it is open: browsers that keep theirs would starve the
  // kubelet's probes.
  server.set_keep_alive_max_count(1);
  server.set_pre_routing_handler(RefuseWrites);
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
  AddHealthRoutes(server, endpoint->condition_);
  for (const HttpRoute& route : routes) AddRoute(server, route);
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

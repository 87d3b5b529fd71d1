// Plain HTTP for kubelets and Prometheus: /metrics, /healthz (503 where only a restart helps) and
// /readyz (503 with the reason until the service is ready, while it drains and while its engine is
// stuck), and what a service adds to read. Only GET and HEAD are answered; other methods are 405.
#ifndef TACT_COMMON_RPC_HTTP_ENDPOINT_H_
#define TACT_COMMON_RPC_HTTP_ENDPOINT_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/rpc/condition.h"

namespace tact {

struct HttpRequest {
  std::vector<std::string> groups;                // of the route's pattern, in order
  std::map<std::string, std::string> parameters;  // of the query
};

struct HttpReply {
  int status = 200;
  std::string content_type;
  std::string body;
  std::map<std::string, std::string> headers = {};
};

struct HttpRoute {
  std::string pattern;  // a regular expression that must match the whole path
  std::function<HttpReply(const HttpRequest&)> handler;
};

class HttpEndpoint {
 public:
  // `host` and `port` to listen on; port 0 lets the kernel choose. Handlers run on threads of the
  // endpoint, several at once.
  static absl::StatusOr<std::unique_ptr<HttpEndpoint>> Start(
      const std::string& host, int port, const std::vector<HttpRoute>& routes = {});
  ~HttpEndpoint();
  void SetReady(bool ready) { condition_.SetServing(ready); }
  Condition& condition() { return condition_; }
  int port() const { return port_; }

 private:
  HttpEndpoint();
  struct State;
  std::unique_ptr<State> state_;
  Condition condition_;
  int port_ = 0;
};

}  // namespace tact

#endif  // TACT_COMMON_RPC_HTTP_ENDPOINT_H_

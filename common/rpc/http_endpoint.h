// Plain HTTP for kubelets and Prometheus: /metrics, /healthz (the process answers) and /readyz
// (503 until the service is ready and while it drains).
#ifndef TACT_COMMON_RPC_HTTP_ENDPOINT_H_
#define TACT_COMMON_RPC_HTTP_ENDPOINT_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace tact {

class HttpEndpoint {
 public:
  // `host` and `port` to listen on; port 0 lets the kernel choose.
  static absl::StatusOr<std::unique_ptr<HttpEndpoint>> Start(const std::string& host, int port);
  ~HttpEndpoint();
  void SetReady(bool ready) { ready_ = ready; }
  int port() const { return port_; }

 private:
  HttpEndpoint();
  struct State;
  std::unique_ptr<State> state_;
  std::atomic<bool> ready_ = false;
  int port_ = 0;
};

}  // namespace tact

#endif  // TACT_COMMON_RPC_HTTP_ENDPOINT_H_

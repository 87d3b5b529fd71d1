// Client channels: keepalive, client-side round robin with health checks, message limits, and
// retries of what is safe to repeat.
#ifndef TACT_COMMON_RPC_CHANNEL_H_
#define TACT_COMMON_RPC_CHANNEL_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <memory>
#include <string>

namespace tact {

struct ChannelOptions {
  size_t max_message_bytes = 32 << 20;
  // Health service name for round robin; empty checks no health.
  std::string health_service = {};
  // A peer that is silent is pinged every so often, and given up where no answer comes in time.
  int keepalive_ms = 10'000, keepalive_timeout_ms = 5'000;
  int connect_timeout_ms = 20'000;  // of one attempt
  // Calls that change nothing are repeated where their server is gone (see retry_policy.h). Off for
  // those who repeat calls themselves.
  bool repeat_safe_calls = false;
  // Of MakeClientCredentials or MakePeerCredentials; null is plain HTTP/2.
  std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr;
};

// `address` is "host:port" or "dns:///name:port"; never blocks.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address,
                                           const ChannelOptions& options = {});

// Sets the deadline `seconds` from now on a context.
void SetDeadline(grpc::ClientContext& context, double seconds);

}  // namespace tact

#endif  // TACT_COMMON_RPC_CHANNEL_H_

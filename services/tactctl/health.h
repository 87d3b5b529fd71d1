// The standard gRPC health check (grpc.health.v1.Health/Check), as a client.
#ifndef TACT_SERVICES_TACTCTL_HEALTH_H_
#define TACT_SERVICES_TACTCTL_HEALTH_H_

#include <memory>
#include <string>
#include <string_view>

#include "common/rpc/channel.h"
#include "common/rpc/credentials.h"

namespace tact::ctl {

enum class Health { kUnreachable, kNotServing, kServing };

// Asks for one service name, e.g. "tact.v1.PolicyService"; waits at most `seconds`.
Health CheckHealth(const std::string& address, std::string_view service, double seconds,
                   const ClientCredentials& credentials = nullptr);

// The same over a channel that is there.
Health CheckHealth(const std::shared_ptr<grpc::Channel>& channel, std::string_view service,
                   double seconds);

std::string HealthName(Health health);  // "serving"

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_HEALTH_H_

// Other services as recipes see them: their errors, and how soon a silent one is noticed.
#ifndef TACT_SERVICES_TRAINER_CLIENTS_SERVICE_STATUS_H_
#define TACT_SERVICES_TRAINER_CLIENTS_SERVICE_STATUS_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <string_view>

#include "absl/status/status.h"
#include "common/rpc/channel.h"
#include "common/rpc/credentials.h"

namespace tact {

// FromGrpcStatus, but ABORTED becomes FAILED_PRECONDITION and CANCELLED becomes UNAVAILABLE: inside
// the trainer these two mean that the job itself is to stop. `peer` is e.g. "tact-policy at
// 127.0.0.1:7001" and always stands in the message.
absl::Status ServiceStatus(const grpc::Status& status, std::string_view peer,
                           const grpc::ClientContext& context);

// Channels on which a replica that is stopped, or cut off, is given up within 6 s.
ChannelOptions TrainerChannelOptions(const ClientCredentials& credentials);

// True for what passes by itself: the service is down, slow, or full.
bool IsTransient(const absl::Status& status);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CLIENTS_SERVICE_STATUS_H_

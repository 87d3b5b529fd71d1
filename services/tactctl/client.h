// A stub of one service with its address: calls carry the deadline of --timeout, and a failure says
// which service it was and what to do.
#ifndef TACT_SERVICES_TACTCTL_CLIENT_H_
#define TACT_SERVICES_TACTCTL_CLIENT_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/channel.h"
#include "services/tactctl/context.h"
#include "services/tactctl/replicas.h"

namespace tact::ctl {

// The status of a failed call, for people: a service that is down is named with its address and the
// way to start it; what a service answered stays as it is.
absl::Status ExplainFailure(const ServiceAddress& service, const grpc::Status& status,
                            const grpc::ClientContext& context);

// True if `status` (of ExplainFailure) says that the service cannot be reached.
bool IsUnreachable(const absl::Status& status);

// `Service` is the class that protoc makes, e.g. v1::PolicyService.
template <typename Service>
class Client {
 public:
  using Stub = typename Service::Stub;

  Client(const Context& context, const ServiceAddress& service)
      : Client(context, service.name, {AnyReplica(service, context.credentials), ""}) {}

  // For one replica of the service `name`.
  Client(const Context& context, const std::string& name, const Replica& replica)
      : service_{name, replica.address},
        timeout_seconds_(context.timeout_seconds),
        stub_(Service::NewStub(ReplicaChannel(replica, context.credentials))) {}

  // client.Call(&v1::PolicyService::Stub::Generate, request)
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) const {
    grpc::ClientContext call;
    SetDeadline(call, timeout_seconds_);
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&call, request, &response);
    if (!status.ok()) return ExplainFailure(service_, status, call);
    return response;
  }

  Stub& stub() const { return *stub_; }
  const ServiceAddress& service() const { return service_; }

 private:
  ServiceAddress service_;
  double timeout_seconds_;
  std::unique_ptr<Stub> stub_;
};

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_CLIENT_H_

// The replicas of a service, one by one: what an address flag or the cluster's file names.
#ifndef TACT_SERVICES_TACTCTL_REPLICAS_H_
#define TACT_SERVICES_TACTCTL_REPLICAS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/rpc/channel.h"
#include "services/tactctl/context.h"

namespace tact::ctl {

struct Replica {
  std::string address;   // "10.0.0.7:7001"
  std::string tls_name;  // what its certificate is checked against; "": the address
};

// "a:1,b:2" is a list; "dns:///policy:7001" stands for every address that the name has now, "ipv4:"
// with several addresses for each of them. INVALID_ARGUMENT for a part without a port, UNAVAILABLE
// for a name that has no address; both name the flag.
absl::StatusOr<std::vector<Replica>> FindReplicas(const ServiceAddress& service);

// Straight to that replica.
std::shared_ptr<grpc::Channel> ReplicaChannel(const Replica& replica,
                                              const ClientCredentials& credentials);

// Where a command that needs any replica goes: the address itself, or of a list the first replica
// that serves (else its first).
std::string AnyReplica(const ServiceAddress& service, const ClientCredentials& credentials);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_REPLICAS_H_

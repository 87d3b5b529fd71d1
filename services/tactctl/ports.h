// Loopback ports for a cluster.
#ifndef TACT_SERVICES_TACTCTL_PORTS_H_
#define TACT_SERVICES_TACTCTL_PORTS_H_

#include "absl/status/statusor.h"
#include "services/tactctl/service_table.h"

namespace tact::ctl {

// gRPC ports as DefaultPort but counted from `first` instead of 7001, HTTP ports 100 above; 0 lets
// the kernel choose them all. FAILED_PRECONDITION names a port that is in use, its service and the
// flag to change.
absl::StatusOr<PortMap> ChoosePorts(int first);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_PORTS_H_

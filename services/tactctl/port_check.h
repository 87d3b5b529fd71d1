// The ports of the services as doctor looks at them: free, or who answers there.
#ifndef TACT_SERVICES_TACTCTL_PORT_CHECK_H_
#define TACT_SERVICES_TACTCTL_PORT_CHECK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/tactctl/finding.h"
#include "services/tactctl/health.h"

namespace tact::ctl {

// The inode of the socket that listens on `port`, from the text of /proc/net/tcp or tcp6.
std::optional<uint64_t> ListeningInode(std::string_view table, int port);

// "nginx (pid 12)", or "another user's program"; nothing where no program of this machine listens.
std::optional<std::string> FindListener(int port);

// One address of a service: `health` is what it answered there, `listener` who has the port where
// that is on this machine. Fails for a port that another program has, a service that does not
// serve, and a machine elsewhere that does not answer.
Finding CheckPort(const std::string& service, const std::string& address, Health health,
                  bool on_this_machine, const std::optional<std::string>& listener);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_PORT_CHECK_H_

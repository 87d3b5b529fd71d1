// tactctl as a function: arguments and streams in, exit code out.
//
// Exit codes: 0 done; 1 to 16 the gRPC status of what failed (3 INVALID_ARGUMENT, 5 NOT_FOUND,
// 14 UNAVAILABLE ...); 64 a wrong command line; 130 left by Ctrl-C.
#ifndef TACT_SERVICES_TACTCTL_APP_H_
#define TACT_SERVICES_TACTCTL_APP_H_

#include <memory>
#include <string>
#include <vector>

#include "services/tactctl/context.h"

namespace CLI {
class App;
}

namespace tact::ctl {

// Every command with its flags; parsing sets context.run. `context` must outlive it.
std::shared_ptr<CLI::App> MakeApp(Context& context);

// `arguments` without the program's name.
int RunTactctl(const std::vector<std::string>& arguments, Terminal& terminal);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_APP_H_

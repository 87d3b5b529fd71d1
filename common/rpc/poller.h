// Work that is done about once a second for as long as the process lives: looking at files that may
// have changed.
#ifndef TACT_COMMON_RPC_POLLER_H_
#define TACT_COMMON_RPC_POLLER_H_

#include <functional>

namespace tact {

// `work` runs on one thread of the process, after what was added before; what it refers to must
// live for ever. It should take milliseconds.
void EverySecond(std::function<void()> work);

}  // namespace tact

#endif  // TACT_COMMON_RPC_POLLER_H_

// Which calls a channel may repeat by itself: those that change nothing, where the server has done
// nothing yet or is gone (UNAVAILABLE).
#ifndef TACT_COMMON_RPC_RETRY_POLICY_H_
#define TACT_COMMON_RPC_RETRY_POLICY_H_

#include <span>
#include <string>
#include <string_view>

namespace tact {

// "/tact.v1.PolicyService/Generate" and the like: they only read, or answer the same again. A
// stream is repeated only while nothing of it has been received.
std::span<const std::string_view> RepeatableMethods();

// The part "methodConfig" and "retryThrottling" of gRPC's service config: each of those methods up
// to three times in all, 0.1 s to 1 s apart, and no more while most attempts fail. No other method
// is repeated, and none is sent twice at once (hedging).
std::string RetryPolicyJson();

}  // namespace tact

#endif  // TACT_COMMON_RPC_RETRY_POLICY_H_

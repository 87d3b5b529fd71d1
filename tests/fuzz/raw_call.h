// One call of any method and kind, with requests as bytes: what no generated client would send.
#ifndef TACT_TESTS_FUZZ_RAW_CALL_H_
#define TACT_TESTS_FUZZ_RAW_CALL_H_

#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>
#include <vector>

namespace tact::fuzz {

struct RawReply {
  grpc::Status status;
  std::vector<std::string> messages;  // at most 64 MiB of them
  std::string error_detail;           // tact.v1.ErrorDetail of the trailing metadata, serialized
};

// `method` is "/tact.v1.PolicyService/Generate". Sends all requests, then reads to the end; gives
// up with DEADLINE_EXCEEDED after `seconds`.
RawReply CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                 const std::vector<std::string>& requests, double seconds);

}  // namespace tact::fuzz

#endif  // TACT_TESTS_FUZZ_RAW_CALL_H_

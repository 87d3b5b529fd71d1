// Calls every method of a real service with mutated requests, and looks at what comes back and at
// what the service has done.
//
// A call must end in time, with an answer that parses or an error for a person: never INTERNAL,
// UNKNOWN or UNAVAILABLE, never without a text. Files may only change
// beneath the service's folder, and valid requests are answered as before.
#ifndef TACT_TESTS_FUZZ_REQUEST_FUZZER_H_
#define TACT_TESTS_FUZZ_REQUEST_FUZZER_H_

#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/fuzz/folder_watch.h"

namespace tact::fuzz {

// A valid call to begin with; several requests for methods that take a stream.
struct Seed {
  std::string method;  // "Generate"
  std::vector<std::shared_ptr<const google::protobuf::Message>> requests;
};

template <typename... Requests>
Seed MakeSeed(std::string method, const Requests&... requests) {
  return {std::move(method), {std::make_shared<Requests>(requests)...}};
}

struct RequestTarget {
  std::string service;      // "tact.v1.PolicyService"
  std::string address;      // where it listens
  std::vector<Seed> seeds;  // at least one for each of its methods
  // Methods that may stream until their caller leaves.
  std::set<std::string> endless = {};
  // Ends the program where the service's state is not as it should be; called now and then.
  std::function<void()> check;
};

// PROGRAM SECONDS [SEED]; the same seed sends the same calls. `start` starts the service in a
// folder. Returns the exit code: 0, 1 for a failure, which is printed with its call, or 2 for wrong
// arguments.
int FuzzRequests(int argc, char** argv,
                 const std::function<RequestTarget(const FolderWatch& folders)>& start);

// Prints `what` and ends the program with status 1.
[[noreturn]] void FailFuzzing(const std::string& what);

// A request that names something by its id, as a seed.
template <typename Request>
Request WithId(const std::string& id) {
  Request request;
  request.set_id(id);
  return request;
}

}  // namespace tact::fuzz

#endif  // TACT_TESTS_FUZZ_REQUEST_FUZZER_H_

#include "tests/fuzz/request_fuzzer.h"

#include <google/protobuf/descriptor.h>
#include <utf8.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/channel.h"
#include "tact/v1/common.pb.h"
#include "tests/fuzz/message_mutator.h"
#include "tests/fuzz/raw_call.h"

namespace tact::fuzz {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr double kMaxSeconds = 30;  // of one call
constexpr double kEndlessSeconds = 0.3;
constexpr size_t kCallsBetweenChecks = 200;

// What one call sends, and how a person sees it.
struct Sent {
  std::string method;
  std::vector<std::string> requests;
  std::string text;
};

struct Counts {
  size_t calls = 0;
  std::map<int, size_t> by_code;
};

const MethodDescriptor& FindMethod(const RequestTarget& target, const std::string& name) {
  const auto* found = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
      StrCat(target.service, ".", name));
  if (found == nullptr) FailFuzzing(StrCat(target.service, " has no method ", name));
  return *found;
}

// So that a method that is added is fuzzed as well.
void CheckSeeds(const RequestTarget& target) {
  std::set<std::string> seeded;
  for (const Seed& seed : target.seeds) seeded.insert(seed.method);
  const auto* service = FindMethod(target, target.seeds.front().method).service();
  for (int i = 0; i < service->method_count(); ++i) {
    const std::string& name = service->method(i)->name();
    if (!seeded.contains(name)) FailFuzzing(StrCat("no seed for ", target.service, "/", name));
  }
}

// A stream loses, repeats or exchanges a message.
void MutateOrder(std::vector<std::unique_ptr<Message>>& messages, Mutator& mutator) {
  if (messages.empty()) return;
  const size_t at = mutator.Below(messages.size());
  switch (mutator.Below(6)) {
    case 0:
      messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    case 1: {
      std::unique_ptr<Message> copy(messages[at]->New());
      copy->CopyFrom(*messages[at]);
      messages.push_back(std::move(copy));
      return;
    }
    case 2:
      std::swap(messages[at], messages[mutator.Below(messages.size())]);
      return;
    default:
      return;
  }
}

Sent NextCall(const RequestTarget& target, Mutator& mutator) {
  const Seed& seed = target.seeds[mutator.Below(target.seeds.size())];
  std::vector<std::unique_ptr<Message>> messages;
  for (const auto& request : seed.requests) {
    messages.emplace_back(request->New())->CopyFrom(*request);
  }
  // Now and then the valid call itself.
  if (mutator.Below(10) > 0) MutateMessage(*messages[mutator.Below(messages.size())], mutator);
  if (FindMethod(target, seed.method).client_streaming()) MutateOrder(messages, mutator);
  Sent sent{seed.method, {}, ""};
  const bool damage = mutator.Below(10) == 0;
  for (const auto& message : messages) {
    std::string bytes;
    message->SerializePartialToString(&bytes);
    sent.requests.push_back(damage ? mutator.Next({bytes}) : std::move(bytes));
    StrAppend(&sent.text, Shorten(message->ShortDebugString(), 2000), "\n");
  }
  return sent;
}

void CheckAnswers(const RequestTarget& target, const Sent& sent, const RawReply& reply) {
  const MethodDescriptor& method = FindMethod(target, sent.method);
  const std::unique_ptr<Message> response(google::protobuf::MessageFactory::generated_factory()
                                              ->GetPrototype(method.output_type())
                                              ->New());
  for (const std::string& bytes : reply.messages) {
    if (!response->ParseFromString(bytes)) {
      FailFuzzing(StrCat(sent.method, " answered what does not parse\n", sent.text));
    }
    if (bytes.find(FolderWatch::Secret()) != bytes.npos) {
      FailFuzzing(StrCat(sent.method, " answered with a file from outside\n", sent.text));
    }
  }
}

// Why a status is none that a caller may get, or nothing.
std::string FindFault(const grpc::Status& status, bool endless) {
  if (status.ok()) return "";
  const std::string& text = status.error_message();
  switch (status.error_code()) {
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::UNAVAILABLE:
      return "a code that blames the service";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      if (!endless) return "no answer in time";
      break;
    default:
      break;
  }
  if (text.empty()) return "an error without a text";
  if (!utf8::is_valid(text.begin(), text.end())) return "an error that is not UTF-8";
  if (text.find(FolderWatch::Secret()) != text.npos) return "an error with a file from outside";
  if (text.find("metadata size") != text.npos) return "an error too long to be read";
  return "";
}

void CheckStatus(const Sent& sent, const RawReply& reply, bool endless) {
  const std::string fault = FindFault(reply.status, endless);
  v1::ErrorDetail detail;
  const bool detailed = detail.ParseFromString(reply.error_detail);
  if (fault.empty() && detailed) return;
  FailFuzzing(StrCat(sent.method, " answered ", reply.status.error_code(), ": ",
                     Shorten(reply.status.error_message(), 2000), "\nwhich is ",
                     fault.empty() ? "an error with a detail that does not parse" : fault, "\n",
                     sent.text));
}

void CallOne(const RequestTarget& target, const std::shared_ptr<grpc::Channel>& channel,
             Mutator& mutator, Counts& counts) {
  const Sent sent = NextCall(target, mutator);
  const bool endless = target.endless.contains(sent.method);
  const RawReply reply = CallRaw(channel, StrCat("/", target.service, "/", sent.method),
                                 sent.requests, endless ? kEndlessSeconds : kMaxSeconds);
  ++counts.calls;
  ++counts.by_code[reply.status.error_code()];
  CheckStatus(sent, reply, endless);
  CheckAnswers(target, sent, reply);
}

void CheckState(const RequestTarget& target, const FolderWatch& folders) {
  if (const std::string path = folders.FindChange(); !path.empty()) {
    FailFuzzing(StrCat("a call has changed ", path));
  }
  target.check();
}

void Report(const RequestTarget& target, const Counts& counts, uint64_t seed, double seconds) {
  for (const auto& [code, count] : counts.by_code) {
    std::printf("%s: %zu calls\n",
                absl::StatusCodeToString(static_cast<absl::StatusCode>(code)).c_str(), count);
  }
  std::printf("seed %lu: %zu calls of %s in %.0f s, nothing outside touched, state as it was\n",
              static_cast<unsigned long>(seed), counts.calls, target.service.c_str(), seconds);
}

}  // namespace

void FailFuzzing(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::fflush(nullptr);
  std::_Exit(1);
}

int FuzzRequests(int argc, char** argv,
                 const std::function<RequestTarget(const FolderWatch& folders)>& start) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0;
  if (argc > 3 || seconds <= 0) {
    std::fprintf(stderr, "usage: %s SECONDS [SEED]\n", argv[0]);
    return 2;
  }
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const FolderWatch folders;
  const RequestTarget target = start(folders);
  CheckSeeds(target);
  CheckState(target, folders);
  const auto channel = MakeChannel(target.address);
  Mutator mutator(seed);
  Counts counts;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    for (size_t i = 0; i < kCallsBetweenChecks; ++i) CallOne(target, channel, mutator, counts);
    CheckState(target, folders);
  }
  Report(target, counts, seed, seconds);
  return 0;
}

}  // namespace tact::fuzz

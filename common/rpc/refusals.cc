#include "common/rpc/refusals.h"

#include <grpcpp/support/status.h>

#include <array>
#include <string>

#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/method_rules.h"

namespace tact {
namespace {

using grpc::experimental::InterceptionHookPoints;

constexpr std::array kReasons = {"role", "unknown_method", "unreadable", "busy"};

prometheus::Counter& CounterOf(size_t reason) {
  return CounterMetric("tact_refused_calls_total", "Calls that ended before a handler saw them.",
                       {{"reason", kReasons[reason]}});
}

// gRPC's synchronous server reads the request, calls the handler and sends the status in one
// thread.
thread_local bool handled = false;

Refusal ReasonOf(grpc::StatusCode code) {
  return code == grpc::StatusCode::RESOURCE_EXHAUSTED ? Refusal::kBusy : Refusal::kUnreadable;
}

// gRPC's own answer where the request of a server's stream cannot be parsed is INTERNAL without a
// word (proto/utf8_deserialize.h sees requests of unary calls only).
bool IsMute(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::INTERNAL && status.error_message().empty();
}

grpc::Status UnreadableError() {
  return {grpc::StatusCode::INVALID_ARGUMENT,
          "the request is not the message that this method takes, or a text in it is not valid "
          "UTF-8; encode it with a protobuf library, and texts as UTF-8"};
}

class WatchedCall : public grpc::experimental::Interceptor {
 public:
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS) && !handled) {
      Note(*methods);
    }
    methods->Proceed();
  }

 private:
  static void Note(grpc::experimental::InterceptorBatchMethods& methods) {
    const grpc::Status status = methods.GetSendStatus();
    if (status.ok()) return;
    CountRefusal(ReasonOf(status.error_code()));
    if (IsMute(status)) methods.ModifySendStatus(UnreadableError());
  }
};

class Unimplemented : public grpc::ServerGenericBidiReactor {
 public:
  explicit Unimplemented(const std::string& method) {
    Finish({grpc::StatusCode::UNIMPLEMENTED,
            StrCat(Shorten(method, 200),
                   ": this server has no such method; reflection (grpcurl "
                   "list) shows those there are")});
  }
  void OnDone() override { delete this; }
};

}  // namespace

void CountRefusal(Refusal reason) { CounterOf(static_cast<size_t>(reason)).Increment(); }

void InitialiseRefusalMetrics() {
  for (size_t reason = 0; reason < kReasons.size(); ++reason) CounterOf(reason);
}

void NoteHandler() { handled = true; }

grpc::experimental::Interceptor* RefusalInterceptors::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* info) {
  const std::string_view method = info->method();
  if (!method.starts_with("/tact.") || FindMethodRule(method) == nullptr) return nullptr;
  handled = false;
  return new WatchedCall();
}

grpc::ServerGenericBidiReactor* UnknownMethods::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  CountRefusal(Refusal::kUnknownMethod);
  return new Unimplemented(context->method());
}

}  // namespace tact

// Calls that end before a handler sees them: counted by their reason in tact_refused_calls_total,
// since grpc_server_* counts what handlers do. Messages that are too large are not: gRPC refuses
// them before it has anything to intercept.
#ifndef TACT_COMMON_RPC_REFUSALS_H_
#define TACT_COMMON_RPC_REFUSALS_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/support/server_interceptor.h>

#include <cstddef>

namespace tact {

enum class Refusal : size_t {
  kRole,           // the caller's roles do not allow the method
  kUnknownMethod,  // no such method
  kUnreadable,     // the bytes are not the method's message, or its text is no UTF-8
  kBusy,           // all threads of the server have a call
};

void CountRefusal(Refusal reason);
// Each reason at 0, so that a rate does not miss the first.
void InitialiseRefusalMetrics();

// A handler runs in this thread: what it answers is no refusal. Of CallRecord.
void NoteHandler();

// Watches the calls of tact's own methods that gRPC answers in a handler's stead.
class RefusalInterceptors : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override;
};

// Answers methods that the server does not have: UNIMPLEMENTED, which names the method.
class UnknownMethods : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;
};

}  // namespace tact

#endif  // TACT_COMMON_RPC_REFUSALS_H_

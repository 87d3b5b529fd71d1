// Writes what happened to the calls that method_rules.h marks as audited into the audit log.
#ifndef TACT_COMMON_RPC_AUDIT_INTERCEPTOR_H_
#define TACT_COMMON_RPC_AUDIT_INTERCEPTOR_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/server_interceptor.h>

#include <map>
#include <memory>
#include <string>

#include "common/rpc/audit_log.h"

namespace tact {

// Names and ids in a message and in the messages in it, by their fields: what says whom a call
// concerns, and never a text. "model", "job_id", "id" ...
void CollectIds(const google::protobuf::Message& message, std::map<std::string, std::string>& ids);

class AuditInterceptors : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit AuditInterceptors(std::shared_ptr<AuditLog> log) : log_(std::move(log)) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override;

 private:
  const std::shared_ptr<AuditLog> log_;
};

}  // namespace tact

#endif  // TACT_COMMON_RPC_AUDIT_INTERCEPTOR_H_

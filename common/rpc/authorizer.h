// Lets a call through or refuses it, by the caller's certificate, before its request is read: for
// every method that a server has, health and reflection too.
#ifndef TACT_COMMON_RPC_AUTHORIZER_H_
#define TACT_COMMON_RPC_AUTHORIZER_H_

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/auth_metadata_processor.h>

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/audit_log.h"
#include "common/rpc/roles.h"

namespace tact {

// What a connection's certificate says; an empty identity without one.
Caller CallerOf(const grpc::AuthContext& context);

// PERMISSION_DENIED names the method, the caller, its roles and those that it needs.
absl::Status CheckAccess(const RoleMap& map, const Caller& caller, std::string_view path);

class Authorizer : public grpc::AuthMetadataProcessor {
 public:
  // `roles_file` may be empty; it is read again every second, and a damaged one changes nothing.
  // `audit`, which may be null, gets the calls that are refused. INVALID_ARGUMENT as ParseRoleMap.
  static absl::StatusOr<std::shared_ptr<Authorizer>> Make(const std::string& roles_file,
                                                          std::shared_ptr<AuditLog> audit);

  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context,
                       OutputMetadata* consumed, OutputMetadata* response) override;
  RoleMap roles() const;

 private:
  Authorizer(std::string roles_file, std::shared_ptr<AuditLog> audit);
  absl::Status ReadRoles();
  void Look();

  const std::string roles_file_;
  const std::shared_ptr<AuditLog> audit_;
  std::string text_, complaint_;  // of the file, for Look
  mutable absl::Mutex mutex_;
  std::shared_ptr<const RoleMap> roles_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tact

#endif  // TACT_COMMON_RPC_AUTHORIZER_H_

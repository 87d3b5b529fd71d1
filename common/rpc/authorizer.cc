#include "common/rpc/authorizer.h"

#include <utility>
#include <vector>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/method_rules.h"
#include "common/rpc/poller.h"
#include "common/rpc/refusals.h"

namespace tact {
namespace {

constexpr size_t kMaxFile = 1 << 20;

std::string Property(const grpc::AuthContext& context, const char* name) {
  const auto values = context.FindPropertyValues(name);
  return values.empty() ? "" : std::string(values.front().data(), values.front().size());
}

std::string PathOf(const grpc::AuthMetadataProcessor::InputMetadata& metadata) {
  const auto found = metadata.find(":path");
  return found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
}

std::string Describe(const Caller& caller) {
  return caller.identity.empty() ? "a caller without a name in its certificate" : caller.identity;
}

}  // namespace

Caller CallerOf(const grpc::AuthContext& context) {
  std::vector<std::string> uris;
  for (const grpc::string_ref& uri : context.FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    uris.emplace_back(uri.data(), uri.size());
  }
  return CallerFrom(uris, Property(context, GRPC_X509_CN_PROPERTY_NAME),
                    Property(context, GRPC_X509_SUBJECT_PROPERTY_NAME));
}

absl::Status CheckAccess(const RoleMap& map, const Caller& caller, std::string_view path) {
  const MethodRule* rule = FindMethodRule(path);
  const RoleSet roles = RolesOf(map, caller);
  if (rule != nullptr && Allows(*rule, roles)) return absl::OkStatus();
  const std::string_view method = path.starts_with('/') ? path.substr(1) : path;
  if (rule == nullptr) {
    return absl::PermissionDeniedError(StrCat(Shorten(method, 200),
                                              ": no role may call this method; ", Describe(caller),
                                              " has ", DescribeRoles(roles)));
  }
  const RoleSet needed = rule->roles | kAdmin;
  return absl::PermissionDeniedError(
      StrCat(method, ": needs one of the roles ", DescribeRoles(needed), ", but ", Describe(caller),
             " has ", DescribeRoles(roles),
             "; use a certificate of such a role, or have it given in the server's --roles file"));
}

absl::StatusOr<std::shared_ptr<Authorizer>> Authorizer::Make(const std::string& roles_file,
                                                             std::shared_ptr<AuditLog> audit) {
  std::shared_ptr<Authorizer> out(new Authorizer(roles_file, std::move(audit)));
  if (roles_file.empty()) return out;
  RETURN_IF_ERROR(out->ReadRoles());
  EverySecond([out] { out->Look(); });
  return out;
}

Authorizer::Authorizer(std::string roles_file, std::shared_ptr<AuditLog> audit)
    : roles_file_(std::move(roles_file)),
      audit_(std::move(audit)),
      roles_(std::make_shared<const RoleMap>()) {}

absl::Status Authorizer::ReadRoles() {
  const auto text = ReadFile(roles_file_, kMaxFile);
  if (!text.ok()) {
    return FieldError("--roles", roles_file_,
                      StrCat("cannot be read (", text.status().message(), ")"),
                      "name a JSON file that this user may read");
  }
  if (*text == text_) return absl::OkStatus();
  auto map = ParseRoleMap(*text, roles_file_);
  if (!map.ok()) return Annotate(map.status(), "--roles");
  text_ = *text;
  absl::MutexLock lock(&mutex_);
  roles_ = std::make_shared<const RoleMap>(*std::move(map));
  return absl::OkStatus();
}

void Authorizer::Look() {
  const std::string before = text_;
  const absl::Status status = ReadRoles();
  const std::string complaint = status.ok() ? "" : std::string(status.message());
  if (status.ok() && before != text_) LogInfo("roles were read again from ", roles_file_);
  if (!status.ok() && complaint != complaint_) LogError("roles stay as they were: ", complaint);
  complaint_ = complaint;
}

RoleMap Authorizer::roles() const {
  absl::MutexLock lock(&mutex_);
  return *roles_;
}

grpc::Status Authorizer::Process(const InputMetadata& metadata, grpc::AuthContext* context,
                                 OutputMetadata*, OutputMetadata*) {
  std::shared_ptr<const RoleMap> map;
  {
    absl::MutexLock lock(&mutex_);
    map = roles_;
  }
  const Caller caller = CallerOf(*context);
  const std::string path = PathOf(metadata);
  const absl::Status status = CheckAccess(*map, caller, path);
  if (status.ok()) return grpc::Status::OK;
  CountRefusal(FindMethodRule(path) == nullptr ? Refusal::kUnknownMethod : Refusal::kRole);
  if (audit_ != nullptr) {
    audit_->Write({caller.identity, "", Shorten(path, 200), {}, "PERMISSION_DENIED"});
  }
  return {grpc::StatusCode::PERMISSION_DENIED, std::string(status.message())};
}

}  // namespace tact

#include "common/rpc/audit_interceptor.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/server_context.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/authorizer.h"
#include "common/rpc/method_rules.h"

namespace tact {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using grpc::experimental::InterceptionHookPoints;

constexpr std::array<std::string_view, 14> kIdFields = {
    "id",         "job_id",   "name",     "model",      "adapter",    "path",   "dataset_id",
    "request_id", "filename", "base_job", "base_model", "publish_as", "sha256", "parent"};
constexpr int kMaxDepth = 3;
constexpr size_t kMaxValue = 128;

void Collect(const Message& message, int depth, std::map<std::string, std::string>& ids) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated()) continue;
    if (field->name() == "weight_version") {
      ids.try_emplace(field->name(), StrCat(reflection.GetUInt64(message, field)));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (depth < kMaxDepth) Collect(reflection.GetMessage(message, field), depth + 1, ids);
    } else if (field->type() == FieldDescriptor::TYPE_STRING &&
               std::count(kIdFields.begin(), kIdFields.end(), field->name()) > 0) {
      ids.try_emplace(field->name(), Shorten(reflection.GetString(message, field), kMaxValue));
    }
  }
}

std::string CodeName(grpc::StatusCode code) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

class AuditedCall : public grpc::experimental::Interceptor {
 public:
  AuditedCall(std::shared_ptr<AuditLog> log, grpc::experimental::ServerRpcInfo* info)
      : log_(std::move(log)), info_(info) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE)) {
      Note(methods->GetRecvMessage());
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) {
      Note(methods->GetSendMessage());
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      Write(methods->GetSendStatus());
    }
    methods->Proceed();
  }

 private:
  // The first message of each direction says whom the call concerns; chunks of files follow.
  void Note(const void* pointer) {
    if (pointer == nullptr || messages_ >= 2) return;
    ++messages_;
    const auto* lite = static_cast<const google::protobuf::MessageLite*>(pointer);
    if (const auto* message = dynamic_cast<const Message*>(lite)) CollectIds(*message, ids_);
  }

  void Write(const grpc::Status& status) {
    const auto& context = *info_->server_context();
    log_->Write({CallerOf(*context.auth_context()).identity, context.peer(), info_->method(), ids_,
                 CodeName(status.error_code())});
  }

  const std::shared_ptr<AuditLog> log_;
  grpc::experimental::ServerRpcInfo* const info_;
  std::map<std::string, std::string> ids_;
  int messages_ = 0;
};

}  // namespace

void CollectIds(const Message& message, std::map<std::string, std::string>& ids) {
  Collect(message, 1, ids);
}

grpc::experimental::Interceptor* AuditInterceptors::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* info) {
  const MethodRule* rule = FindMethodRule(info->method());
  return rule != nullptr && rule->audited ? new AuditedCall(log_, info) : nullptr;
}

}  // namespace tact

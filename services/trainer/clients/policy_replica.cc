#include "services/trainer/clients/policy_replica.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/channel.h"
#include "services/trainer/clients/service_status.h"

namespace tact {
namespace {

constexpr double kQuerySeconds = 10, kPushSeconds = 300, kScoreSeconds = 300,
                 kRolloutSeconds = 1800;
constexpr size_t kChunkBytes = 1 << 20;

v1::PushWeightsRequest Header(const WeightPayload& payload, size_t bytes) {
  v1::PushWeightsRequest request;
  v1::PushHeader& header = *request.mutable_header();
  header.set_model(payload.model);
  header.set_weight_version(payload.version);
  header.set_sha256(payload.sha256);
  header.set_total_bytes(bytes);
  if (!payload.is_adapter()) return request;
  header.mutable_lora()->set_parent(payload.parent);
  header.mutable_lora()->set_rank(payload.rank);
  header.mutable_lora()->set_alpha(static_cast<float>(payload.alpha));
  return request;
}

// False when the replica has ended the call; its status then says why.
bool WriteChunks(grpc::ClientWriter<v1::PushWeightsRequest>& writer, std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t size = std::min(kChunkBytes, bytes.size());
    v1::PushWeightsRequest request;
    request.set_chunk(bytes.data(), size);
    if (!writer.Write(request)) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

}  // namespace

// The context of one call, known to Close while it is open.
class PolicyReplica::OpenCall {
 public:
  OpenCall(const PolicyReplica& replica, double seconds) : replica_(replica) {
    SetDeadline(context_, seconds);
    absl::MutexLock lock(&replica_.mutex_);
    replica_.open_.insert(&context_);
    if (replica_.closed_) context_.TryCancel();
  }
  ~OpenCall() {
    absl::MutexLock lock(&replica_.mutex_);
    replica_.open_.erase(&context_);
  }
  grpc::ClientContext& context() { return context_; }

 private:
  const PolicyReplica& replica_;
  grpc::ClientContext context_;
};

PolicyReplica::PolicyReplica(std::string address, const ClientCredentials& credentials)
    : address_(std::move(address)),
      stub_(v1::PolicyService::NewStub(MakeChannel(address_, TrainerChannelOptions(credentials)))) {
}

void PolicyReplica::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  for (grpc::ClientContext* context : open_) context->TryCancel();
}

absl::Status PolicyReplica::Failure(const grpc::Status& status,
                                    const grpc::ClientContext& context) const {
  return ServiceStatus(status, StrCat("tact-policy at ", address_), context);
}

absl::StatusOr<v1::GetModelResponse> PolicyReplica::GetModel() const {
  OpenCall call(*this, kQuerySeconds);
  grpc::ClientContext& context = call.context();
  v1::GetModelResponse response;
  RETURN_IF_ERROR(Failure(stub_->GetModel(&context, {}, &response), context));
  return response;
}

absl::Status PolicyReplica::Push(const WeightPayload& payload) const {
  std::shared_ptr<const MappedFile> file;
  std::string_view bytes;
  if (payload.bytes != nullptr) {
    bytes = *payload.bytes;
  } else {
    ASSIGN_OR_RETURN(file, MappedFile::Open(payload.file));
    bytes = {reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()};
  }
  OpenCall call(*this, kPushSeconds);
  grpc::ClientContext& context = call.context();
  v1::PushWeightsResponse response;
  const auto writer = stub_->PushWeights(&context, &response);
  if (writer->Write(Header(payload, bytes.size())) && WriteChunks(*writer, bytes)) {
    writer->WritesDone();
  }
  RETURN_IF_ERROR(Failure(writer->Finish(), context));
  if (response.model().weight_version() == payload.version &&
      response.model().sha256() == payload.sha256) {
    return absl::OkStatus();
  }
  return absl::DataLossError(StrCat("tact-policy at ", address_, " was sent ", payload.model,
                                    " version ", payload.version, " (", payload.sha256,
                                    ") and echoes version ", response.model().weight_version(),
                                    " (", response.model().sha256(), ")"));
}

absl::StatusOr<v1::ScoreLogprobsResponse> PolicyReplica::ScoreLogprobs(
    const v1::ScoreLogprobsRequest& request) const {
  OpenCall call(*this, kScoreSeconds);
  grpc::ClientContext& context = call.context();
  v1::ScoreLogprobsResponse response;
  RETURN_IF_ERROR(Failure(stub_->ScoreLogprobs(&context, request, &response), context));
  if (response.items_size() == request.items_size()) return response;
  return absl::InternalError(StrCat("tact-policy at ", address_, " answered ",
                                    response.items_size(), " items for ", request.items_size()));
}

absl::Status PolicyReplica::StreamRollouts(const v1::StreamRolloutsRequest& request,
                                           const std::function<absl::Status(v1::Rollout&&)>& take,
                                           const StreamTerms& terms) const {
  OpenCall call(*this, kRolloutSeconds);
  CallEvents events(call.context(), StrCat("tact-policy at ", address_), terms.check);
  const auto reader = stub_->AsyncStreamRollouts(&call.context(), request, events.queue(), nullptr);
  v1::StreamRolloutsResponse response;
  bool more = events.Next(terms.idle_seconds);
  while (more) {
    reader->Read(&response, nullptr);
    more = events.Next(terms.idle_seconds);
    if (more) events.Fail(take(std::move(*response.mutable_rollout())));
  }
  grpc::Status finished;
  reader->Finish(&finished, nullptr);
  events.Next();
  return events.failure().ok() ? Failure(finished, call.context()) : events.failure();
}

}  // namespace tact

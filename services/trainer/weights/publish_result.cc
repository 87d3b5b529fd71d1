#include "services/trainer/weights/publish_result.h"

#include <string>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/trainer/clients/retry.h"
#include "services/trainer/clients/service_status.h"
#include "services/trainer/weights/payloads.h"
#include "services/trainer/weights/publisher.h"

namespace tact {
namespace {

absl::StatusOr<WeightPayload> ResultPayload(JobContext& context, Publisher& publisher,
                                            const T5Model& model, LoraAdapter* adapter) {
  const std::string name = context.spec().publish_as();  // a report renews the spec
  if (adapter == nullptr) return PayloadOfFile(name, context.result_folder() / "model.safetensors");
  ASSIGN_OR_RETURN(const std::string parent, PublishParent(context, publisher, model, adapter));
  ASSIGN_OR_RETURN(WeightPayload payload,
                   PayloadOfFile(name, context.result_folder() / "adapter_model.safetensors"));
  payload.parent = parent;
  payload.rank = static_cast<uint32_t>(adapter->config().r);
  payload.alpha = adapter->config().alpha;
  return payload;
}

absl::Status PublishAll(JobContext& context, Publisher& publisher, const T5Model& model,
                        LoraAdapter* adapter) {
  ASSIGN_OR_RETURN(WeightPayload payload, ResultPayload(context, publisher, model, adapter));
  const PublishTerms terms{context.spec().publish(), [&] { return context.CheckStop(); }};
  RETURN_IF_ERROR(RetryWhileDown(context, [&]() -> absl::Status {
    if (payload.version == 0) {
      ASSIGN_OR_RETURN(payload.version, publisher.ReserveVersion(payload.model, terms));
    }
    return publisher.PublishDurably(payload, context.job().id(), terms);
  }));
  return context.ReportVersion(payload.version);
}

bool MustStop(const absl::Status& status) {
  return IsTrainerStop(status) || absl::IsCancelled(status);
}

}  // namespace

absl::Status PublishResult(JobContext& context, const JobEnvironment& environment,
                           const T5Model& model, LoraAdapter* adapter) {
  if (environment.publisher == nullptr) return absl::OkStatus();
  Publisher& publisher = *environment.publisher;
  const absl::Status status = PublishAll(context, publisher, model, adapter);
  if (status.ok() || MustStop(status)) return status;
  publisher.Forget(context.spec().publish_as());
  return context.ReportNote(StrCat("the result is saved but not published: ", status.message()));
}

}  // namespace tact

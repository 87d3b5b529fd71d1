// Payloads from models and adapters.
#ifndef TACT_SERVICES_TRAINER_WEIGHTS_PAYLOADS_H_
#define TACT_SERVICES_TRAINER_WEIGHTS_PAYLOADS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/lora.h"
#include "common/model/t5_model.h"
#include "services/trainer/clients/weight_payload.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/weights/publisher.h"

namespace tact {

// A safetensors file of the tensors, with its SHA-256; no version yet.
absl::StatusOr<WeightPayload> PayloadOfTensors(const std::string& model,
                                               const std::vector<NamedTensor>& tensors);
// A file of a result or of the published folder.
absl::StatusOr<WeightPayload> PayloadOfFile(const std::string& model,
                                            const std::filesystem::path& file);

// The served name of what an adapter on `model` stands on, which every replica then serves: "base"
// where the replicas' own weights compute what `model` computes without adapter, shown by comparing
// logprobs; else a full model named by its content ("parent-<digits>"), pushed if need be and kept
// published. Waits while a replica is down.
absl::StatusOr<std::string> PublishParent(JobContext& context, Publisher& publisher,
                                          const T5Model& model, LoraAdapter* adapter);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_WEIGHTS_PAYLOADS_H_

#include "services/trainer/weights/payloads.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/safetensors.h"
#include "common/model/torch_io.h"
#include "services/trainer/checkpoint/atomic_folder.h"
#include "services/trainer/clients/retry.h"
#include "services/trainer/clients/service_status.h"
#include "services/trainer/weights/quorum.h"
#include "services/trainer/weights/sequence_logprobs.h"

namespace tact {
namespace {

namespace fs = std::filesystem;

// Above what rounding makes of equal weights, below what an optimiser step makes of logprobs.
constexpr double kSameWeights = 1e-3;

// A made-up prompt and response that touch many rows of the embedding.
TokenSequence ProbeSequence(const T5Config& config) {
  TokenSequence probe;
  const auto id = [&](int64_t i) {
    return static_cast<int32_t>(2 + (i * 7919) % std::max<int64_t>(1, config.vocab_size - 2));
  };
  for (int64_t i = 0; i < 12; ++i) probe.prompt.push_back(id(i));
  for (int64_t i = 12; i < 20; ++i) probe.response.push_back(id(i));
  return probe;
}

v1::ScoreLogprobsRequest ProbeRequest(const TokenSequence& probe) {
  v1::ScoreLogprobsRequest request;
  request.set_model("base");
  v1::LogprobItem& item = *request.add_items();
  item.mutable_prompt_ids()->Assign(probe.prompt.begin(), probe.prompt.end());
  item.mutable_response_ids()->Assign(probe.response.begin(), probe.response.end());
  return request;
}

absl::StatusOr<bool> ServesSameBase(const PolicyReplica& replica, const T5Model& model) {
  const TokenSequence probe = ProbeSequence(model.config());
  const auto response = replica.ScoreLogprobs(ProbeRequest(probe));
  if (absl::IsInvalidArgument(response.status())) return false;  // another vocabulary
  RETURN_IF_ERROR(response.status());
  const std::vector<double> ours = SequenceLogprobs(model, probe);
  const auto& theirs = response->items(0).logprobs();
  if (theirs.size() != static_cast<int>(ours.size())) return false;
  for (size_t i = 0; i < ours.size(); ++i) {
    if (!(std::abs(ours[i] - theirs[static_cast<int>(i)]) < kSameWeights)) return false;
  }
  return true;
}

// True only where every replica has answered: one that is away may have another base.
absl::StatusOr<bool> AllServeSameBase(Publisher& publisher, const T5Model& model,
                                      const PublishTerms& terms) {
  size_t away = 0;
  for (const auto& replica : publisher.replicas()) {
    if (terms.check) RETURN_IF_ERROR(terms.check());
    const absl::StatusOr<bool> same = ServesSameBase(*replica, model);
    if (same.ok() && !*same) return false;
    if (same.ok()) continue;
    if (!IsTransient(same.status())) return same.status();
    const size_t needed = NeededReplicas(terms.settings, publisher.replicas().size());
    if (++away > publisher.replicas().size() - needed) return same.status();
  }
  return away == 0;
}

absl::StatusOr<std::string> EnsureParent(Publisher& publisher, const T5Model& model,
                                         const std::string& job_id, const PublishTerms& terms) {
  ASSIGN_OR_RETURN(const bool same_base, AllServeSameBase(publisher, model, terms));
  if (same_base) return "base";
  ASSIGN_OR_RETURN(WeightPayload payload, PayloadOfTensors("", model.EffectiveWeights()));
  payload.model = StrCat("parent-", payload.sha256.substr(0, 12));
  if (const auto known = publisher.FindFullModel(payload.sha256); known == payload.model) {
    return payload.model;
  }
  const fs::path folder = publisher.data_dir() / "published";
  RETURN_IF_ERROR(MakeFolder(folder));
  payload.file = folder / StrCat(payload.model, ".safetensors");
  RETURN_IF_ERROR(WriteFileAtomically(payload.file, *payload.bytes));
  payload.bytes.reset();
  ASSIGN_OR_RETURN(payload.version, publisher.ReserveVersion(payload.model, terms));
  RETURN_IF_ERROR(publisher.PublishDurably(payload, job_id, terms));
  return payload.model;
}

}  // namespace

absl::StatusOr<WeightPayload> PayloadOfTensors(const std::string& model,
                                               const std::vector<NamedTensor>& tensors) {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> kept;
  TensorViews views;
  for (const NamedTensor& named : tensors) {
    kept.push_back(named.tensor.detach().contiguous());
    const at::Tensor& tensor = kept.back();
    views[named.name] = FloatView({tensor.data_ptr<float>(), static_cast<size_t>(tensor.numel())},
                                  {tensor.sizes().begin(), tensor.sizes().end()});
  }
  ASSIGN_OR_RETURN(std::string bytes, SerializeSafeTensors(views));
  WeightPayload payload;
  payload.model = model;
  payload.sha256 = Sha256Hex(bytes);
  payload.bytes = std::make_shared<const std::string>(std::move(bytes));
  return payload;
}

absl::StatusOr<WeightPayload> PayloadOfFile(const std::string& model, const fs::path& file) {
  WeightPayload payload;
  payload.model = model;
  payload.file = file;
  ASSIGN_OR_RETURN(payload.sha256, Sha256OfFile(file));
  return payload;
}

absl::StatusOr<std::string> PublishParent(JobContext& context, Publisher& publisher,
                                          const T5Model& model, LoraAdapter* adapter) {
  const ScopedAdapterOff off(adapter);
  std::string parent;
  const PublishTerms terms{context.spec().publish(), [&] { return context.CheckStop(); }};
  RETURN_IF_ERROR(RetryWhileDown(context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(parent, EnsureParent(publisher, model, context.job().id(), terms));
    return absl::OkStatus();
  }));
  return parent;
}

}  // namespace tact

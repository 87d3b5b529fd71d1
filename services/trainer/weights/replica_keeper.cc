#include "services/trainer/weights/replica_keeper.h"

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr absl::Duration kReconcileEvery = absl::Seconds(2);

ServedVersions Versions(const v1::GetModelResponse& response) {
  ServedVersions out;
  for (const v1::ServedModel& model : response.models()) {
    out[model.name()] = {model.weight_version(), model.sha256()};
  }
  return out;
}

absl::Status AheadError(const std::string& address, const WeightPayload& payload,
                        const ServedVersion& served) {
  const bool same = served.version == payload.version;
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   {"REPLICA_AHEAD", "weight_version", StrCat(served.version),
                    "let one trainer alone push under a name, or restart that replica"},
                   StrCat("tact-policy at ", address, " serves \"", payload.model, "\" at version ",
                          served.version, same ? " with another sha256 than" : ", above",
                          " the newest that this trainer has published, ", payload.version));
}

prometheus::Histogram& PushSeconds(const char* result) {
  return HistogramMetric("tact_trainer_push_seconds", "Seconds of one push to one replica.",
                         LatencyBuckets(), {{"result", result}});
}

}  // namespace

ReplicaKeeper::ReplicaKeeper(const JobStore& store, PublishState& state, PolicyReplica& replica,
                             size_t index)
    : store_(store), state_(state), replica_(replica), index_(index), thread_([this] { Loop(); }) {
  for (const char* result : {"acknowledged", "failed"}) PushSeconds(result);
}

ReplicaKeeper::~ReplicaKeeper() {
  replica_.Close();
  thread_.join();
}

void ReplicaKeeper::Loop() {
  while (state_.WaitForWork(index_, kReconcileEvery)) {
    const uint64_t ticket = state_.BeginPass(index_);
    if (!reconcile_ && state_.FinishedBy(index_, ticket)) continue;
    const absl::Status status = Pass(ticket);
    if (!state_.stopping()) Log(status);
    state_.FinishPass(index_, ticket, status);
  }
}

void ReplicaKeeper::Log(const absl::Status& status) {
  if (!status.ok() && was_ok_) LogWarning("publishing: ", status.message());
  if (status.ok() && !was_ok_) LogInfo("publishing: ", replica_.address(), " is up to date");
  was_ok_ = status.ok();
}

absl::Status ReplicaKeeper::Pass(uint64_t ticket) {
  const auto desired = state_.Desired();
  ASSIGN_OR_RETURN(const v1::GetModelResponse response, replica_.GetModel());
  const ServedVersions served = Versions(response);
  state_.RecordAnswer(index_, ticket, served);
  absl::Status first;
  for (const PublishState::Payload& payload : desired) {
    const absl::Status status = PushIfLacking(*payload, served);
    if (first.ok()) first = status;
  }
  return first;
}

// Above what is published for good may be what a job has pushed before the trainer's last start.
absl::Status ReplicaKeeper::CheckNewer(const WeightPayload& payload,
                                       const ServedVersion& served) const {
  if (served.version == payload.version && served.sha256 == payload.sha256) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const uint64_t reserved, store_.LastVersion(payload.model));
  if (served.version > payload.version && served.version <= reserved) return absl::OkStatus();
  return AheadError(replica_.address(), payload, served);
}

absl::Status ReplicaKeeper::PushIfLacking(const WeightPayload& payload,
                                          const ServedVersions& served) {
  const auto found = served.find(payload.model);
  if (found != served.end() && found->second.version >= payload.version) {
    return CheckNewer(payload, found->second);
  }
  const Stopwatch watch;
  const absl::Status pushed = replica_.Push(payload);
  PushSeconds(pushed.ok() ? "acknowledged" : "failed").Observe(watch.Seconds());
  RETURN_IF_ERROR(pushed);
  state_.RecordPush(index_, payload);
  return absl::OkStatus();
}

}  // namespace tact

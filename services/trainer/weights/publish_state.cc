#include "services/trainer/weights/publish_state.h"

#include <algorithm>
#include <utility>

#include "common/base/metrics.h"
#include "common/base/steady_time.h"

namespace tact {
namespace {

void SetReplicaGauge(const char* state, size_t count) {
  GaugeMetric("tact_trainer_policy_replicas",
              "Policy replicas that serve all that is published (current) or not (lagging).",
              {{"state", state}})
      .Set(static_cast<double>(count));
}

}  // namespace

PublishState::PublishState(size_t replicas) : replicas_(replicas) {
  absl::MutexLock lock(&mutex_);
  ExportGauges();
}

void PublishState::SetDesired(const WeightPayload& payload) {
  absl::MutexLock lock(&mutex_);
  desired_[payload.model] = std::make_shared<const WeightPayload>(payload);
  ExportGauges();
}

void PublishState::Forget(const std::string& model) {
  absl::MutexLock lock(&mutex_);
  desired_.erase(model);
  ExportGauges();
}

std::vector<PublishState::Payload> PublishState::Desired() const {
  std::vector<Payload> out;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [name, payload] : desired_) out.push_back(payload);
  }
  std::stable_partition(out.begin(), out.end(),
                        [](const Payload& payload) { return !payload->is_adapter(); });
  return out;
}

std::optional<std::string> PublishState::FindFullModel(std::string_view sha256) const {
  absl::MutexLock lock(&mutex_);
  for (const auto& [name, payload] : desired_) {
    if (!payload->is_adapter() && payload->sha256 == sha256) return name;
  }
  return std::nullopt;
}

uint64_t PublishState::RequestPasses() {
  absl::MutexLock lock(&mutex_);
  ++tickets_;
  for (Replica& replica : replicas_) replica.wanted = tickets_;
  changed_.SignalAll();
  return tickets_;
}

uint64_t PublishState::RequestPass(size_t replica) {
  absl::MutexLock lock(&mutex_);
  changed_.SignalAll();
  return replicas_[replica].wanted = ++tickets_;
}

uint64_t PublishState::Suspect(size_t replica) {
  absl::MutexLock lock(&mutex_);
  replicas_[replica].reachable = false;
  ExportGauges();
  changed_.SignalAll();
  return replicas_[replica].wanted = replicas_[replica].suspected = ++tickets_;
}

bool PublishState::ServesExactly(const Replica& replica, const WeightPayload& payload) const {
  const auto found = replica.served.find(payload.model);
  return replica.reachable && found != replica.served.end() &&
         found->second.version == payload.version && found->second.sha256 == payload.sha256;
}

std::vector<std::optional<absl::Status>> PublishState::Answers(uint64_t ticket) const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::optional<absl::Status>> out(replicas_.size());
  for (size_t i = 0; i < replicas_.size(); ++i) {
    if (replicas_[i].answered >= ticket) {
      out[i] = absl::OkStatus();
    } else if (replicas_[i].done >= ticket) {
      out[i] = replicas_[i].status;
    }
  }
  return out;
}

std::vector<std::optional<absl::Status>> PublishState::Pushed(uint64_t ticket,
                                                              const WeightPayload& payload) const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::optional<absl::Status>> out(replicas_.size());
  for (size_t i = 0; i < replicas_.size(); ++i) {
    const Replica& replica = replicas_[i];
    if (ServesExactly(replica, payload)) {
      out[i] = absl::OkStatus();
    } else if (replica.done >= ticket) {
      out[i] = replica.status.ok() ? absl::UnavailableError("other weights were published since")
                                   : replica.status;
    }
  }
  return out;
}

std::vector<std::optional<absl::Status>> PublishState::Finished(uint64_t ticket) const {
  std::vector<std::optional<absl::Status>> out;
  absl::MutexLock lock(&mutex_);
  for (const Replica& replica : replicas_) {
    out.push_back(replica.done >= ticket ? std::optional(replica.status) : std::nullopt);
  }
  return out;
}

std::optional<absl::Status> PublishState::FinishedBy(size_t replica, uint64_t ticket) const {
  return Finished(ticket)[replica];
}

void PublishState::WaitForChange(absl::Duration timeout) const {
  absl::MutexLock lock(&mutex_);
  changed_.WaitWithTimeout(&mutex_, timeout);
}

uint64_t PublishState::HighestSeen(const std::string& model) const {
  absl::MutexLock lock(&mutex_);
  uint64_t highest = 0;
  for (const Replica& replica : replicas_) {
    const auto found = replica.served.find(model);
    if (found != replica.served.end()) highest = std::max(highest, found->second.version);
  }
  return highest;
}

bool PublishState::Serves(size_t index, const std::string& model, uint64_t least) const {
  absl::MutexLock lock(&mutex_);
  const Replica& replica = replicas_[index];
  const auto found = replica.served.find(model);
  const auto desired = desired_.find(model);
  return replica.reachable && found != replica.served.end() && desired != desired_.end() &&
         found->second.version >= least && found->second.version <= desired->second->version;
}

bool PublishState::WaitForWork(size_t index, absl::Duration period) const {
  absl::MutexLock lock(&mutex_);
  const absl::Time until = SteadyNow() + period;
  const Replica& replica = replicas_[index];
  while (!stopping_ && replica.wanted <= replica.done) {
    if (changed_.WaitWithTimeout(&mutex_, until - SteadyNow()) && SteadyNow() >= until) break;
  }
  return !stopping_;
}

uint64_t PublishState::BeginPass(size_t replica) {
  absl::MutexLock lock(&mutex_);
  replicas_[replica].pass_answered = false;
  return tickets_;
}

void PublishState::RecordAnswer(size_t index, uint64_t ticket, ServedVersions served) {
  absl::MutexLock lock(&mutex_);
  Replica& replica = replicas_[index];
  replica.served = std::move(served);
  replica.reachable = ticket >= replica.suspected;
  replica.pass_answered = true;
  replica.answered = ticket;
  changed_.SignalAll();
}

void PublishState::RecordPush(size_t index, const WeightPayload& payload) {
  absl::MutexLock lock(&mutex_);
  replicas_[index].served[payload.model] = {payload.version, payload.sha256};
  ExportGauges();
  changed_.SignalAll();
}

void PublishState::FinishPass(size_t index, uint64_t ticket, const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  Replica& replica = replicas_[index];
  if (!replica.pass_answered) replica.reachable = false;
  replica.done = ticket;
  replica.status = status;
  ExportGauges();
  changed_.SignalAll();
}

void PublishState::Stop() {
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
  changed_.SignalAll();
}

bool PublishState::stopping() const {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

void PublishState::ExportGauges() {
  size_t current = 0;
  for (const Replica& replica : replicas_) {
    current += std::all_of(desired_.begin(), desired_.end(), [&](const auto& named) {
      const auto found = replica.served.find(named.first);
      return replica.reachable && found != replica.served.end() &&
             found->second.version >= named.second->version;
    });
  }
  SetReplicaGauge("current", current);
  SetReplicaGauge("lagging", replicas_.size() - current);
}

}  // namespace tact

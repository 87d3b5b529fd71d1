#include "services/trainer/weights/publisher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/status.h"

namespace tact {
namespace {

constexpr absl::Duration kReconcileEvery = absl::Seconds(2);
constexpr absl::Duration kPoll = absl::Milliseconds(50);

std::map<std::string, v1::ServedModel> ByName(const v1::GetModelResponse& response) {
  std::map<std::string, v1::ServedModel> out;
  for (const v1::ServedModel& model : response.models()) out[model.name()] = model;
  return out;
}

// Does a replica that serves `served` need the payload?
bool Lacks(const std::map<std::string, v1::ServedModel>& served, const WeightPayload& payload) {
  const auto found = served.find(payload.model);
  return found == served.end() || found->second.weight_version() < payload.version;
}

WeightPayload FromStore(const PublishedModel& model, const std::filesystem::path& data_dir) {
  WeightPayload payload;
  payload.model = model.model;
  payload.version = model.version;
  payload.sha256 = model.sha256;
  payload.file = data_dir / model.payload_file;
  payload.parent = model.parent;
  payload.rank = model.rank;
  payload.alpha = model.alpha;
  return payload;
}

}  // namespace

Publisher::Publisher(JobStore& store, std::filesystem::path data_dir,
                     const std::vector<std::string>& addresses)
    : store_(store), data_dir_(std::move(data_dir)) {
  for (const std::string& address : addresses) {
    replicas_.push_back(std::make_unique<PolicyReplica>(address));
    replica_mutexes_.push_back(std::make_unique<absl::Mutex>());
  }
}

Publisher::~Publisher() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

absl::Status Publisher::Start() {
  ASSIGN_OR_RETURN(const std::vector<PublishedModel> published, store_.Published());
  for (const PublishedModel& model : published) SetDesired(FromStore(model, data_dir_));
  thread_ = std::thread([this] { Loop(); });
  return absl::OkStatus();
}

void Publisher::Loop() {
  absl::Time next = absl::Now();
  bool was_ok = true;
  while (!stopping_) {
    absl::SleepFor(kPoll);
    if (absl::Now() < next) continue;
    const absl::Status status = Reconcile();
    if (!status.ok() && was_ok) LogWarning("publishing: ", status.message());
    if (status.ok() && !was_ok) LogInfo("publishing: every replica is up to date");
    was_ok = status.ok();
    next = absl::Now() + kReconcileEvery;
  }
}

absl::StatusOr<uint64_t> Publisher::ReserveVersion(const std::string& model) {
  uint64_t highest = 0;
  for (const auto& replica : replicas_) {
    ASSIGN_OR_RETURN(const v1::GetModelResponse response, replica->GetModel());
    const auto served = ByName(response);
    if (const auto found = served.find(model); found != served.end()) {
      highest = std::max(highest, found->second.weight_version());
    }
  }
  return store_.NextVersion(model, highest);
}

void Publisher::SetDesired(const WeightPayload& payload) {
  absl::MutexLock lock(&mutex_);
  desired_[payload.model] = std::make_shared<const WeightPayload>(payload);
}

void Publisher::Forget(const std::string& model) {
  absl::MutexLock lock(&mutex_);
  desired_.erase(model);
}

std::vector<Publisher::Payload> Publisher::Desired() const {
  std::vector<Payload> out;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [name, payload] : desired_) out.push_back(payload);
  }
  std::stable_partition(out.begin(), out.end(),
                        [](const Payload& payload) { return !payload->is_adapter(); });
  return out;
}

std::optional<std::string> Publisher::FindFullModel(std::string_view sha256) const {
  absl::MutexLock lock(&mutex_);
  for (const auto& [name, payload] : desired_) {
    if (!payload->is_adapter() && payload->sha256 == sha256) return name;
  }
  return std::nullopt;
}

absl::Status Publisher::Publish(const WeightPayload& payload) {
  SetDesired(payload);
  return Reconcile();
}

absl::Status Publisher::PublishDurably(const WeightPayload& payload, std::string_view job_id) {
  PublishedModel model;
  model.model = payload.model;
  model.version = payload.version;
  model.sha256 = payload.sha256;
  model.payload_file = std::filesystem::relative(payload.file, data_dir_).string();
  model.parent = payload.parent;
  model.rank = payload.rank;
  model.alpha = payload.alpha;
  model.job_id = std::string(job_id);
  RETURN_IF_ERROR(Publish(payload));
  return store_.SetPublished(model);
}

absl::Status Publisher::Reconcile() {
  absl::Status first;
  for (size_t i = 0; i < replicas_.size(); ++i) {
    const absl::Status status = ReconcileReplica(i);
    if (first.ok()) first = status;
  }
  return first;
}

absl::Status Publisher::ReconcileReplica(size_t index) {
  absl::MutexLock lock(replica_mutexes_[index].get());
  const std::vector<Payload> desired = Desired();
  if (desired.empty()) return absl::OkStatus();
  const PolicyReplica& replica = *replicas_[index];
  ASSIGN_OR_RETURN(const v1::GetModelResponse response, replica.GetModel());
  const auto served = ByName(response);
  for (const Payload& payload : desired) {
    if (!Lacks(served, *payload)) continue;
    RETURN_IF_ERROR(replica.Push(*payload));
    CounterMetric("tact_trainer_pushes_total", "Weight pushes that were acknowledged").Increment();
  }
  return absl::OkStatus();
}

}  // namespace tact

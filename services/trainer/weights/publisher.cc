#include "services/trainer/weights/publisher.h"

#include <utility>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "services/trainer/weights/quorum.h"

namespace tact {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(50);

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

PublishedModel ToStore(const WeightPayload& payload, const std::filesystem::path& data_dir,
                       std::string_view job_id) {
  PublishedModel model;
  model.model = payload.model;
  model.version = payload.version;
  model.sha256 = payload.sha256;
  model.payload_file = std::filesystem::relative(payload.file, data_dir).string();
  model.parent = payload.parent;
  model.rank = payload.rank;
  model.alpha = payload.alpha;
  model.job_id = std::string(job_id);
  return model;
}

prometheus::Histogram& PublishSeconds() {
  return HistogramMetric("tact_trainer_publish_seconds",
                         "Seconds until as many replicas as were asked for have echoed a push.",
                         LatencyBuckets());
}

}  // namespace

Publisher::Publisher(JobStore& store, std::filesystem::path data_dir,
                     const std::vector<std::string>& addresses,
                     const ClientCredentials& credentials)
    : store_(store), data_dir_(std::move(data_dir)), state_(addresses.size()) {
  PublishSeconds();
  for (const std::string& address : addresses) {
    replicas_.push_back(std::make_unique<PolicyReplica>(address, credentials));
  }
  for (size_t i = 0; i < replicas_.size(); ++i) {
    keepers_.push_back(std::make_unique<ReplicaKeeper>(store_, state_, *replicas_[i], i));
  }
}

Publisher::~Publisher() { state_.Stop(); }

absl::Status Publisher::Start() {
  ASSIGN_OR_RETURN(const std::vector<PublishedModel> published, store_.Published());
  for (const PublishedModel& model : published) state_.SetDesired(FromStore(model, data_dir_));
  for (const auto& keeper : keepers_) keeper->StartToReconcile();
  state_.RequestPasses();
  return absl::OkStatus();
}

absl::Status Publisher::Await(const PublishTerms& terms, const Answers& answers) const {
  const size_t needed = NeededReplicas(terms.settings, replicas_.size());
  while (true) {
    if (terms.check) RETURN_IF_ERROR(terms.check());
    if (const auto decided = DecideQuorum(answers(), needed)) return *decided;
    state_.WaitForChange(kPoll);
  }
}

absl::StatusOr<uint64_t> Publisher::ReserveVersion(const std::string& model,
                                                   const PublishTerms& terms) {
  const uint64_t ticket = state_.RequestPasses();
  RETURN_IF_ERROR(Await(terms, [&] { return state_.Answers(ticket); }));
  return store_.NextVersion(model, state_.HighestSeen(model));
}

absl::Status Publisher::Publish(const WeightPayload& payload, const PublishTerms& terms) {
  const Stopwatch watch;
  state_.SetDesired(payload);
  const uint64_t ticket = state_.RequestPasses();
  RETURN_IF_ERROR(Await(terms, [&] { return state_.Pushed(ticket, payload); }));
  PublishSeconds().Observe(watch.Seconds());
  return absl::OkStatus();
}

absl::Status Publisher::PublishDurably(const WeightPayload& payload, std::string_view job_id,
                                       const PublishTerms& terms) {
  RETURN_IF_ERROR(Publish(payload, terms));
  return store_.SetPublished(ToStore(payload, data_dir_, job_id));
}

absl::Status Publisher::Reconcile(const PublishTerms& terms) {
  const uint64_t ticket = state_.RequestPasses();
  return Await(terms, [&] { return state_.Finished(ticket); });
}

std::vector<size_t> Publisher::Serving(const std::string& model, uint64_t least) const {
  std::vector<size_t> out;
  for (size_t i = 0; i < replicas_.size(); ++i) {
    if (state_.Serves(i, model, least)) out.push_back(i);
  }
  return out;
}

}  // namespace tact

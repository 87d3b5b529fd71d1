#include "tests/fault/chaos/users.h"

#include <chrono>
#include <filesystem>
#include <utility>

#include "common/base/strings.h"
#include "common/rpc/channel.h"

namespace tact::chaos {
namespace {

constexpr size_t kOpenJobs = 2;

void Sleep(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

bool HasEnded(const v1::Job& job) {
  return job.state() == v1::JOB_STATE_SUCCEEDED || job.state() == v1::JOB_STATE_FAILED ||
         job.state() == v1::JOB_STATE_CANCELLED;
}

// A call with a short deadline whose failure does not matter: it is made again later.
template <typename Request, typename Response, typename Method>
void Try(testing::Fleet& fleet, Method method, const std::string& id) {
  Request request;
  request.set_id(id);
  Response response;
  grpc::ClientContext context;
  SetDeadline(context, 3);
  ((*fleet.Trainer()).*method)(&context, request, &response);
}

void Resume(testing::Fleet& fleet, const std::string& id) {
  Try<v1::ResumeJobRequest, v1::ResumeJobResponse>(fleet, &v1::TrainerService::Stub::ResumeJob, id);
}

}  // namespace

Watcher::Watcher(testing::Fleet& fleet, Recorder& recorder, std::string job_id)
    : fleet_(fleet), recorder_(recorder), job_id_(std::move(job_id)), thread_([this] { Loop(); }) {}

Watcher::~Watcher() {
  stopping_ = true;
  thread_.join();
}

void Watcher::Loop() {
  while (!stopping_ && !ended_) {
    Follow();
    Sleep(50);
  }
}

void Watcher::Follow() {
  grpc::ClientContext context;
  SetDeadline(context, 3);
  v1::WatchJobRequest request;
  request.set_id(job_id_);
  // Now and then from the beginning, which must be the same again.
  if (!disconnect_.exchange(false)) request.set_after_sequence(sequence_);
  const auto stub = fleet_.Trainer();
  const auto reader = stub->WatchJob(&context, request);
  v1::WatchJobResponse event;
  bool last = false;
  while (!stopping_ && !disconnect_ && reader->Read(&event)) {
    recorder_.Add([&](History& history) { history.events.push_back({event}); });
    sequence_ = std::max(sequence_, event.sequence());
    last = HasEnded(event.job());
  }
  context.TryCancel();
  reader->Finish();
  ended_ = ended_ || last;
}

JobMaker::JobMaker(testing::Fleet& fleet, Recorder& recorder, std::string dataset, uint64_t seed)
    : fleet_(fleet), recorder_(recorder), dataset_(std::move(dataset)), rng_(seed), thread_([this] {
        Loop();
      }) {}

JobMaker::~JobMaker() {
  stopping_ = true;
  thread_.join();
}

void JobMaker::Loop() {
  while (!stopping_) {
    if (making_ && open_.size() < kOpenJobs) MakeOne();
    DoAsked();
    Look();
    open_count_ = static_cast<int>(open_.size());
    Sleep(50);
  }
}

v1::JobSpec JobMaker::RandomSpec() {
  v1::JobSpec spec = testing::Fleet::PpoSpec(dataset_, static_cast<uint32_t>(3 + rng_.Below(5)));
  spec.set_name(StrCat("chaos ", made_.load()));
  spec.set_publish_as(rng_.Below(2) == 0 ? "left" : "right");
  spec.set_seed(rng_.Below(1000));
  spec.mutable_ppo()->set_use_lora(rng_.Below(10) > 0);
  if (rng_.Below(3) == 0) {
    spec.mutable_ppo()->set_max_staleness(1);
    spec.mutable_ppo()->set_objective(v1::PPO_OBJECTIVE_IMPROVED);
    spec.mutable_ppo()->mutable_improvements()->set_importance_cap(2);
  }
  if (rng_.Below(2) == 0) {
    spec.mutable_publish()->set_mode(v1::PUBLISH_MODE_QUORUM);
    spec.mutable_publish()->set_min_replicas(1);
  }
  return spec;
}

// The request is remembered before its first try: a try whose answer is lost may have made the job.
void JobMaker::MakeOne() {
  const std::string request = StrCat("request-", ++made_);
  const v1::JobSpec spec = RandomSpec();
  open_count_ = static_cast<int>(open_.size()) + 1;
  while (!stopping_ && last_request_ != request) Acknowledge(request, spec);
}

void JobMaker::Acknowledge(const std::string& request_id, const v1::JobSpec& spec) {
  const v1::Job job = fleet_.Create(spec, request_id);
  if (job.id().empty()) return Sleep(100);
  recorder_.Add([&](History& h) { h.acknowledged.push_back({request_id, job.id()}); });
  if (last_request_ == request_id) return;
  last_request_ = request_id;
  last_spec_ = spec;
  open_[job.id()] = std::make_unique<Watcher>(fleet_, recorder_, job.id());
}

void JobMaker::DoAsked() {
  if (!last_request_.empty() && duplicate_.exchange(false)) Acknowledge(last_request_, last_spec_);
  if (open_.empty()) return;
  const std::string& id = open_.begin()->first;
  if (pause_.exchange(false)) {
    Try<v1::PauseJobRequest, v1::PauseJobResponse>(fleet_, &v1::TrainerService::Stub::PauseJob, id);
  }
  if (cancel_.exchange(false)) {
    Try<v1::CancelJobRequest, v1::CancelJobResponse>(fleet_, &v1::TrainerService::Stub::CancelJob,
                                                     id);
  }
  if (disconnect_.exchange(false)) open_.begin()->second->Disconnect();
}

// Resumes what is set aside, and lets go of what has ended.
void JobMaker::Look() {
  for (auto it = open_.begin(); it != open_.end();) {
    if (fleet_.Get(it->first).state() == v1::JOB_STATE_PAUSED) Resume(fleet_, it->first);
    if (!it->second->Ended()) {
      ++it;
      continue;
    }
    std::error_code ignored;
    std::filesystem::remove_all(fleet_.data_dir() / "checkpoints" / it->first, ignored);
    it = open_.erase(it);
  }
}

void JobMaker::RecordFinals() {
  const History history = recorder_.history();
  for (const Acknowledged& a : history.acknowledged) {
    const v1::Job job = fleet_.Get(a.job_id);
    recorder_.Add([&](History& h) { h.finals.push_back({a.job_id, job}); });
  }
}

ServedPoller::ServedPoller(testing::Fleet& fleet, Recorder& recorder, int policies)
    : fleet_(fleet), recorder_(recorder), policies_(policies), thread_([this] { Loop(); }) {}

ServedPoller::~ServedPoller() {
  stopping_ = true;
  thread_.join();
}

void ServedPoller::Loop() {
  while (!stopping_) {
    for (int i = 0; i < policies_; ++i) Poll(fleet_.policy(static_cast<size_t>(i)));
    Sleep(100);
  }
}

void ServedPoller::Poll(testing::Service& policy) {
  const int life = policy.life();
  grpc::ClientContext context;
  SetDeadline(context, 0.5);
  v1::GetModelResponse response;
  const auto stub = v1::PolicyService::NewStub(policy.DirectChannel());
  if (!stub->GetModel(&context, {}, &response).ok() || policy.life() != life) return;
  recorder_.Add([&](History& history) {
    for (const v1::ServedModel& model : response.models()) {
      if (model.weight_version() == 0) continue;
      history.served.push_back(
          {policy.name(), life, model.name(), model.weight_version(), model.sha256()});
    }
  });
}

}  // namespace tact::chaos

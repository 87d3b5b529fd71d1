#include "tests/load/callers.h"

#include "common/rpc/channel.h"

namespace tact::load {
namespace {

constexpr double kDeadline = 30, kTooShort = 0.005, kPatience = 0.02;  // seconds

}  // namespace

// Counts as running for as long as it lives.
class Callers::Presence {
 public:
  explicit Presence(Callers& callers) : callers_(callers) { callers_.Begin(); }
  ~Presence() { callers_.End(); }
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

 private:
  Callers& callers_;
};

struct Callers::Call {
  Call(Callers& callers, Kind what, Outcomes& to) : presence(callers), kind(what), outcomes(to) {
    SetDeadline(context, kind == Kind::kExpired ? kTooShort : kDeadline);
  }
  void Ended(const grpc::Status& status) {
    outcomes.Add(kind, status.error_code(), watch.Seconds());
  }

  // The context holds the channel, which must not go in one of its own threads: who waits for this
  // call waits until the context is gone.
  const Presence presence;
  const Kind kind;
  Outcomes& outcomes;
  const Stopwatch watch;
  grpc::ClientContext context;
};

template <typename Request, typename Response>
struct Callers::UnaryCall : Call {
  UnaryCall(Callers& callers, Kind what, Outcomes& to, Request asked)
      : Call(callers, what, to), request(std::move(asked)) {}
  const Request request;
  Response response;
};

// Reads to the end, then goes away.
class Callers::StreamCall final : public grpc::ClientReadReactor<v1::StreamGenerateResponse> {
 public:
  StreamCall(Callers& callers, Outcomes& outcomes, v1::GenerateRequest request)
      : call_(callers, Kind::kStream, outcomes) {
    *request_.mutable_generate() = std::move(request);
    callers.policy_->async()->StreamGenerate(&call_.context, &request_, this);
    StartRead(&response_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (ok) StartRead(&response_);
  }
  void OnDone(const grpc::Status& status) override {
    call_.Ended(status);
    delete this;
  }

 private:
  Call call_;
  v1::StreamGenerateRequest request_;
  v1::StreamGenerateResponse response_;
};

Callers::Callers(const std::shared_ptr<grpc::Channel>& policy,
                 const std::shared_ptr<grpc::Channel>& reward, uint64_t seed)
    : policy_(v1::PolicyService::NewStub(policy)),
      reward_(v1::RewardService::NewStub(reward)),
      rng_(seed) {}

Callers::~Callers() { WaitForFewer(1); }

Kind Callers::RandomKind() {
  constexpr std::pair<Kind, double> kShares[] = {{Kind::kStream, 0.2},   {Kind::kScore, 0.2},
                                                 {Kind::kLogprobs, 0.1}, {Kind::kGetModel, 0.05},
                                                 {Kind::kExpired, 0.05}, {Kind::kCancelled, 0.05}};
  double draw = rng_.Uniform();
  for (const auto& [kind, share] : kShares) {
    if (draw < share) return kind;
    draw -= share;
  }
  return Kind::kGenerate;
}

std::string Callers::RandomText() {
  constexpr const char* kWords[] = {"lake",  "boat", "Ann",   "Ben",
                                    "comes", "late", "today", "silly"};
  std::string text = "Ann:";
  for (uint64_t i = 0, count = 3 + rng_.Below(100); i < count; ++i) {
    text.append(" ").append(kWords[rng_.Below(std::size(kWords))]);
  }
  return text;
}

v1::GenerateRequest Callers::RandomPrompts() {
  v1::GenerateRequest request;
  for (uint64_t i = 0, count = 1 + rng_.Below(4); i < count; ++i) request.add_prompts(RandomText());
  request.mutable_sampling()->set_max_new_tokens(static_cast<uint32_t>(8 + rng_.Below(40)));
  request.mutable_sampling()->set_do_sample(rng_.Below(2) == 0);
  return request;
}

v1::ScoreRequest Callers::RandomTexts() {
  v1::ScoreRequest request;
  for (uint64_t i = 0, count = 1 + rng_.Below(16); i < count; ++i) {
    request.add_items()->set_text(RandomText());
  }
  return request;
}

v1::ScoreLogprobsRequest Callers::RandomResponses() {
  v1::ScoreLogprobsRequest request;
  for (uint64_t i = 0, count = 1 + rng_.Below(4); i < count; ++i) {
    v1::LogprobItem& item = *request.add_items();
    for (uint64_t t = 0; t < 40; ++t) item.add_prompt_ids(static_cast<int32_t>(3 + rng_.Below(90)));
    for (uint64_t t = 0; t < 20; ++t) {
      item.add_response_ids(static_cast<int32_t>(3 + rng_.Below(90)));
    }
  }
  return request;
}

void Callers::StartGenerate(Kind kind, Outcomes& outcomes) {
  using GenerateCall = UnaryCall<v1::GenerateRequest, v1::GenerateResponse>;
  const auto call = std::make_shared<GenerateCall>(*this, kind, outcomes, RandomPrompts());
  if (kind == Kind::kCancelled) to_cancel_.emplace_back(clock_.Seconds() + kPatience, call);
  policy_->async()->Generate(&call->context, &call->request, &call->response,
                             [call](const grpc::Status& status) { call->Ended(status); });
}

void Callers::StartScore(Outcomes& outcomes) {
  using ScoreCall = UnaryCall<v1::ScoreRequest, v1::ScoreResponse>;
  const auto call = std::make_shared<ScoreCall>(*this, Kind::kScore, outcomes, RandomTexts());
  reward_->async()->Score(&call->context, &call->request, &call->response,
                          [call](const grpc::Status& status) { call->Ended(status); });
}

void Callers::StartLogprobs(Outcomes& outcomes) {
  using LogprobsCall = UnaryCall<v1::ScoreLogprobsRequest, v1::ScoreLogprobsResponse>;
  const auto call =
      std::make_shared<LogprobsCall>(*this, Kind::kLogprobs, outcomes, RandomResponses());
  policy_->async()->ScoreLogprobs(&call->context, &call->request, &call->response,
                                  [call](const grpc::Status& status) { call->Ended(status); });
}

void Callers::StartGetModel(Outcomes& outcomes) {
  using ModelCall = UnaryCall<v1::GetModelRequest, v1::GetModelResponse>;
  const auto call =
      std::make_shared<ModelCall>(*this, Kind::kGetModel, outcomes, v1::GetModelRequest());
  policy_->async()->GetModel(&call->context, &call->request, &call->response,
                             [call](const grpc::Status& status) { call->Ended(status); });
}

void Callers::Start(Outcomes& outcomes) {
  switch (const Kind kind = RandomKind()) {
    case Kind::kStream:
      new StreamCall(*this, outcomes, RandomPrompts());  // deletes itself
      return;
    case Kind::kScore:
      return StartScore(outcomes);
    case Kind::kLogprobs:
      return StartLogprobs(outcomes);
    case Kind::kGetModel:
      return StartGetModel(outcomes);
    default:
      return StartGenerate(kind, outcomes);
  }
}

void Callers::CancelDue() {
  while (!to_cancel_.empty() && to_cancel_.front().first <= clock_.Seconds()) {
    if (const auto call = to_cancel_.front().second.lock()) call->context.TryCancel();
    to_cancel_.pop_front();
  }
}

void Callers::Begin() {
  const std::lock_guard lock(mutex_);
  ++running_;
}

void Callers::End() {
  const std::lock_guard lock(mutex_);
  --running_;
  ended_.notify_all();
}

void Callers::WaitForFewer(size_t count) {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [&] { return running_ < count; });
}

size_t Callers::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

}  // namespace tact::load

#include "services/trainer/testing/fake_services.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <span>
#include <thread>
#include <utility>

#include "common/base/random.h"
#include "common/base/sha256.h"
#include "common/base/strings.h"
#include "common/model/lora.h"
#include "common/model/safetensors.h"
#include "common/model/torch_io.h"
#include "services/trainer/weights/sequence_logprobs.h"

namespace tact {
namespace {

std::unique_ptr<grpc::Server> Serve(grpc::Service* service, int* port) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), port);
  builder.RegisterService(service);
  return builder.BuildAndStart();
}

std::vector<NamedTensor> Tensors(const std::string& bytes) {
  const auto file =
      SafeTensors::Parse(std::as_bytes(std::span(bytes.data(), bytes.size())), "payload").value();
  std::vector<NamedTensor> out;
  for (const auto& [name, view] : file.tensors()) out.push_back({name, ToTensor(view).value()});
  return out;
}

// True for the next so many calls.
bool Counts(std::atomic<int>& calls) { return calls > 0 && calls-- > 0; }

void WaitUntilGone(const grpc::ServerContext& context) {
  while (!context.IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

const grpc::Status kDown(grpc::StatusCode::UNAVAILABLE, "the service is down");

}  // namespace

FakePolicy::FakePolicy(const T5Config& config, uint64_t base_seed)
    : config_(config), base_seed_(base_seed) {
  server_ = Serve(this, &port_);
}

void FakePolicy::Forget() {
  std::lock_guard lock(mutex_);
  served_.clear();
}

std::vector<std::string> FakePolicy::pushed() const {
  std::lock_guard lock(mutex_);
  return pushed_;
}

uint64_t FakePolicy::version(const std::string& model) const {
  std::lock_guard lock(mutex_);
  const auto found = served_.find(model);
  return found == served_.end() ? 0 : found->second.version;
}

grpc::Status FakePolicy::GetModel(grpc::ServerContext*, const v1::GetModelRequest*,
                                  v1::GetModelResponse* response) {
  if (down_) return kDown;
  std::lock_guard lock(mutex_);
  response->add_models()->set_name("base");
  for (const auto& [name, payload] : served_) {
    v1::ServedModel& model = *response->add_models();
    model.set_name(name);
    model.set_weight_version(payload.version);
    model.set_sha256(payload.sha256);
  }
  return grpc::Status::OK;
}

grpc::Status FakePolicy::PushWeights(grpc::ServerContext* context,
                                     grpc::ServerReader<v1::PushWeightsRequest>* reader,
                                     v1::PushWeightsResponse* response) {
  if (down_) return kDown;
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(push_seconds_);
  while (!context->IsCancelled() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  v1::PushWeightsRequest request;
  reader->Read(&request);
  const v1::PushHeader header = request.header();
  std::string bytes;
  while (reader->Read(&request)) bytes += request.chunk();
  if (const grpc::Status status = Accept(header, bytes); !status.ok()) return status;
  response->mutable_model()->set_name(header.model());
  response->mutable_model()->set_weight_version(header.weight_version());
  response->mutable_model()->set_sha256(wrong_echo_ ? "wrong" : header.sha256());
  return grpc::Status::OK;
}

grpc::Status FakePolicy::Accept(const v1::PushHeader& header, const std::string& bytes) {
  if (bytes.size() != header.total_bytes() || Sha256Hex(bytes) != header.sha256()) {
    return {grpc::StatusCode::DATA_LOSS, "the payload does not match its SHA-256"};
  }
  std::lock_guard lock(mutex_);
  const std::string& parent = header.lora().parent();
  if (header.has_lora() && parent != "base" && !served_.contains(parent)) {
    return {grpc::StatusCode::NOT_FOUND, "no such parent"};
  }
  WeightPayload& served = served_[header.model()];
  if (served.version >= header.weight_version()) {
    return {grpc::StatusCode::ABORTED, "the version does not grow"};
  }
  if (std::find(pushed_.begin(), pushed_.end(), header.model()) == pushed_.end()) {
    pushed_.push_back(header.model());
  }
  served.version = header.weight_version();
  served.sha256 = header.sha256();
  served.bytes = std::make_shared<const std::string>(bytes);
  served.parent = parent;
  served.rank = header.lora().rank();
  served.alpha = header.lora().alpha();
  return grpc::Status::OK;
}

std::unique_ptr<T5Model> FakePolicy::BuildModel(const std::string& name) {
  auto model = T5Model::Create(config_, base_seed_).value();
  const auto found = served_.find(name);
  if (found == served_.end()) return model;
  const WeightPayload& payload = found->second;
  if (payload.is_adapter()) {
    model = BuildModel(payload.parent);
    LoraConfig config;
    config.r = payload.rank;
    config.alpha = payload.alpha;
    const auto adapter = LoraAdapter::Attach(*model, config, 0).value();
    if (!adapter->CopyWeights(Tensors(*payload.bytes)).ok()) return nullptr;
    adapter->MergeIntoBase();
    return model;
  }
  ParameterMap weights;
  for (const NamedTensor& item : Tensors(*payload.bytes)) weights.Add(item.name, item.tensor);
  return model->CopyWeights(weights).ok() ? std::move(model) : nullptr;
}

grpc::Status FakePolicy::CheckRequest(const v1::StreamRolloutsRequest& request) const {
  if (down_) return kDown;
  const uint64_t served = version(request.model());
  if (served == 0) return {grpc::StatusCode::NOT_FOUND, "no such model"};
  if (served >= request.min_weight_version()) return grpc::Status::OK;
  return {grpc::StatusCode::FAILED_PRECONDITION, "older weights"};
}

v1::StreamRolloutsResponse FakePolicy::MakeRollout(const v1::StreamRolloutsRequest& request,
                                                   const v1::RolloutPrompt& prompt) const {
  CounterRng rng(MixKey(request.sampling().seed(), prompt.id()));
  v1::StreamRolloutsResponse response;
  v1::Rollout& rollout = *response.mutable_rollout();
  rollout.set_prompt_id(prompt.id());
  rollout.set_weight_version(version(request.model()));
  const uint64_t length = 2 + rng.Below(5);
  for (uint64_t t = 0; t < length; ++t) {
    const auto token =
        static_cast<int32_t>(2 + rng.Below(static_cast<uint64_t>(config_.vocab_size) - 2));
    rollout.add_token_ids(token);
    rollout.add_logprobs(-1.0f);
    rollout.mutable_text()->append(StrCat(token, " "));
  }
  return response;
}

grpc::Status FakePolicy::StreamRollouts(grpc::ServerContext* context,
                                        const v1::StreamRolloutsRequest* request,
                                        grpc::ServerWriter<v1::StreamRolloutsResponse>* writer) {
  if (const grpc::Status status = CheckRequest(*request); !status.ok()) return status;
  if (Counts(stalling_rollouts_)) WaitUntilGone(*context);
  const bool fails = Counts(failing_rollouts_);
  const int count = request->prompts_size() - Counts(omitting_rollouts_);
  for (int i = 0; i < count; ++i) {
    if (fails && i >= count / 2) return {grpc::StatusCode::UNAVAILABLE, "killed"};
    if (!writer->Write(MakeRollout(*request, request->prompts(i)))) break;
    ++rollouts_;
  }
  return grpc::Status::OK;
}

grpc::Status FakePolicy::ScoreLogprobs(grpc::ServerContext*,
                                       const v1::ScoreLogprobsRequest* request,
                                       v1::ScoreLogprobsResponse* response) {
  if (down_) return kDown;
  response->set_weight_version(version(request->model()));
  std::lock_guard lock(mutex_);
  if (request->model() != "base" && !served_.contains(request->model())) {
    return {grpc::StatusCode::NOT_FOUND, "no such model"};
  }
  const auto model = BuildModel(replays_base_ ? "base" : request->model());
  for (const v1::LogprobItem& item : request->items()) {
    const TokenSequence sequence{{item.prompt_ids().begin(), item.prompt_ids().end()},
                                 {item.response_ids().begin(), item.response_ids().end()}};
    v1::TokenLogprobs& out = *response->add_items();
    for (double value : SequenceLogprobs(*model, sequence)) {
      out.add_logprobs(static_cast<float>(value));
    }
  }
  return grpc::Status::OK;
}

FakeReward::FakeReward() { server_ = Serve(this, &port_); }

grpc::Status FakeReward::Score(grpc::ServerContext* context, const v1::ScoreRequest* request,
                               v1::ScoreResponse* response) {
  ++calls;
  if (Counts(failing_calls_)) return kDown;
  if (Counts(stalling_calls_)) WaitUntilGone(*context);
  response->add_labels("neutral");
  response->add_labels("toxic");
  for (const v1::ScoreItem& item : request->items()) {
    v1::ScoreResult& result = *response->add_results();
    if (item.text().find(failing_text_) == 0) {
      result.set_error_code(grpc::StatusCode::INTERNAL);
      continue;
    }
    const float length = nan_ ? std::nanf("") : static_cast<float>(item.text().size());
    result.add_logits(0.1f * length);
    result.add_logits(-0.1f * length);
    ++scored;
  }
  return grpc::Status::OK;
}

}  // namespace tact

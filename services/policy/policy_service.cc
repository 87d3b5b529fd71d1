#include "services/policy/policy_service.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/handler.h"
#include "services/policy/generate_call.h"
#include "services/policy/generate_stream.h"

namespace tact {
namespace {

ServedEntry BaseEntry(const PolicyModel& model) {
  return {.name = std::string(kBaseModel),
          .parameters = static_cast<uint64_t>(model.config.num_parameters()),
          .weights = {model.snapshot, nullptr}};
}

v1::ServedModel ToProto(const ServedEntry& entry) {
  v1::ServedModel model;
  model.set_name(entry.name);
  model.set_weight_version(entry.weight_version);
  model.set_sha256(entry.sha256);
  model.set_parent(entry.parent);
  model.set_parameters(entry.parameters);
  return model;
}

absl::Status CheckVersion(const ServedEntry& entry, uint64_t least) {
  if (entry.weight_version >= least) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kFailedPrecondition,
      {.reason = "WEIGHTS_TOO_OLD",
       .field = "min_weight_version",
       .value = StrCat(least),
       .fix = "push the newer weights to this replica, or ask another one"},
      StrCat("this replica serves \"", entry.name, "\" at version ", entry.weight_version));
}

struct PushMetrics {
  prometheus::Histogram& seconds = HistogramMetric(
      "tact_policy_push_seconds", "From a push's first message to its swap.", LatencyBuckets());
  prometheus::Gauge& version =
      GaugeMetric("tact_policy_weight_version", "Version of the weights that were pushed last.");
};

PushMetrics& Pushes() {
  static auto* metrics = new PushMetrics;
  return *metrics;
}

void RecordPush(const ServedEntry& entry, double seconds) {
  Pushes().seconds.Observe(seconds);
  Pushes().version.Set(static_cast<double>(entry.weight_version));
  LogInfo("serving ", entry.name, " version ", entry.weight_version, " sha256 ", entry.sha256,
          " after ", seconds, " s");
}

}  // namespace

PolicyServiceImpl::PolicyServiceImpl(PolicyModel model, const PolicyServiceOptions& options)
    : model_(std::move(model)),
      limits_{options.engine.sequence.max_prompt_tokens, options.engine.sequence.max_new_tokens,
              model_.config.vocab_size, std::min(kMaxBeams, options.engine.batch.max_running)},
      registry_(BaseEntry(model_), options.max_models),
      push_(registry_, options.engine.sequence, options.weight_type, options.max_push_bytes),
      adapters_(registry_, options.engine.sequence, options.adapter_dir),
      engine_(options.engine, model_.config) {
  Pushes();
  InitialiseRequestMetrics();
}

absl::Status PolicyServiceImpl::DoGenerate(const grpc::ServerContext& context,
                                           const v1::GenerateRequest& request,
                                           v1::GenerateResponse& response) {
  ASSIGN_OR_RETURN(const ServedEntry entry, registry_.Find(request.model(), "model"));
  ASSIGN_OR_RETURN(const GenerateCall call,
                   GenerateCall::Make(request, *model_.tokenizer, limits_));
  for (int64_t i = 0; i < call.responses(); ++i) response.add_completions();
  Collector collector(context);
  RETURN_IF_ERROR(collector.Submit(engine_, call.Tasks(entry.weights)));
  for (int64_t i = 0; i < call.responses(); ++i) {
    ASSIGN_OR_RETURN(const SequenceResult result, collector.Next());
    const auto at = static_cast<int>(call.Place(result.index, result.sample));
    *response.mutable_completions(at) = call.ToCompletion(result);
  }
  response.set_weight_version(entry.weight_version);
  return absl::OkStatus();
}

absl::Status PolicyServiceImpl::DoStreamGenerate(const grpc::ServerContext& context,
                                                 const v1::GenerateRequest& request,
                                                 GenerateWriter& writer) {
  ASSIGN_OR_RETURN(const ServedEntry entry, registry_.Find(request.model(), "model"));
  ASSIGN_OR_RETURN(const GenerateCall call,
                   GenerateCall::Make(request, *model_.tokenizer, limits_));
  if (call.searches()) {
    return FieldError("sampling.num_beams", StrCat(request.sampling().num_beams()),
                      "beam search cannot be streamed", "leave it at 1, or call Generate");
  }
  Collector collector(context);
  std::vector<PromptTask> tasks = call.Tasks(entry.weights);
  for (PromptTask& task : tasks) collector.FollowTokens(task);
  RETURN_IF_ERROR(collector.Submit(engine_, std::move(tasks)));
  GenerateStream stream(call, *model_.tokenizer, request.return_tokens(), entry.weight_version);
  while (!stream.done()) {
    ASSIGN_OR_RETURN(const Collector::Event event, collector.NextEvent());
    const auto message = event.token ? stream.Take(*event.token) : stream.Take(event.result);
    if (message && !WriteMessage(writer, *message))
      return absl::CancelledError("the reader has gone");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PromptTask>> PolicyServiceImpl::RolloutTasks(
    const v1::StreamRolloutsRequest& request, const SamplingOptions& sampling,
    const ServedWeights& weights) const {
  std::vector<PromptTask> tasks;
  std::unordered_set<uint64_t> seen;
  for (int i = 0; i < request.prompts_size(); ++i) {
    const v1::RolloutPrompt& prompt = request.prompts(i);
    const std::string field = StrCat("prompts[", i, "]");
    if (!seen.insert(prompt.id()).second) {
      return FieldError(field + ".id", StrCat(prompt.id()), "occurs twice",
                        "give each prompt of a call its own id");
    }
    ASSIGN_OR_RETURN(std::vector<int32_t> ids,
                     ReadTokenIds(prompt.token_ids(), field + ".token_ids",
                                  limits_.max_prompt_tokens, limits_.vocab_size));
    tasks.push_back({.index = static_cast<size_t>(i),
                     .weights = weights,
                     .prompt_ids = std::move(ids),
                     .prompt_key = prompt.id(),
                     .sampling = sampling});
  }
  return tasks;
}

v1::Rollout PolicyServiceImpl::ToRollout(const SequenceResult& result,
                                         const v1::RolloutPrompt& prompt, uint64_t version) const {
  v1::Rollout rollout;
  rollout.set_prompt_id(prompt.id());
  rollout.set_sample_index(result.sample);
  rollout.mutable_token_ids()->Add(result.ids.begin(), result.ids.end());
  rollout.mutable_logprobs()->Add(result.behaviour_logprobs.begin(),
                                  result.behaviour_logprobs.end());
  rollout.set_text(model_.tokenizer->Decode(result.ids, /*skip_special_tokens=*/true));
  rollout.set_finish_reason(ToProto(result.reason));
  rollout.set_weight_version(version);
  return rollout;
}

absl::Status PolicyServiceImpl::DoRollouts(const grpc::ServerContext& context,
                                           const v1::StreamRolloutsRequest& request,
                                           RolloutWriter& writer) {
  ASSIGN_OR_RETURN(const ServedEntry entry, registry_.Find(request.model(), "model"));
  RETURN_IF_ERROR(CheckVersion(entry, request.min_weight_version()));
  RETURN_IF_ERROR(ValidateCount("prompts", request.prompts_size()));
  ASSIGN_OR_RETURN(const SamplingOptions sampling,
                   ReadSampling(request.sampling(), limits_, SamplingUse::kRollout));
  ASSIGN_OR_RETURN(std::vector<PromptTask> tasks, RolloutTasks(request, sampling, entry.weights));
  Collector collector(context);
  RETURN_IF_ERROR(collector.Submit(engine_, std::move(tasks)));
  const int64_t count = request.prompts_size() * sampling.num_samples;
  for (int64_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const SequenceResult result, collector.Next());
    v1::StreamRolloutsResponse message;
    *message.mutable_rollout() =
        ToRollout(result, request.prompts(static_cast<int>(result.index)), entry.weight_version);
    if (!WriteMessage(writer, message)) return absl::CancelledError("the reader has gone");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PromptTask>> PolicyServiceImpl::ScoreTasks(
    const v1::ScoreLogprobsRequest& request, const ServedWeights& weights) const {
  std::vector<PromptTask> tasks;
  for (int i = 0; i < request.items_size(); ++i) {
    const v1::LogprobItem& item = request.items(i);
    const std::string field = StrCat("items[", i, "].");
    PromptTask task = {.index = static_cast<size_t>(i), .weights = weights};
    ASSIGN_OR_RETURN(task.prompt_ids, ReadTokenIds(item.prompt_ids(), field + "prompt_ids",
                                                   limits_.max_prompt_tokens, limits_.vocab_size));
    ASSIGN_OR_RETURN(task.forced, ReadTokenIds(item.response_ids(), field + "response_ids",
                                               limits_.max_new_tokens, limits_.vocab_size));
    tasks.push_back(std::move(task));
  }
  return tasks;
}

absl::Status PolicyServiceImpl::DoScore(const grpc::ServerContext& context,
                                        const v1::ScoreLogprobsRequest& request,
                                        v1::ScoreLogprobsResponse& response) {
  ASSIGN_OR_RETURN(const ServedEntry entry, registry_.Find(request.model(), "model"));
  RETURN_IF_ERROR(ValidateCount("items", request.items_size()));
  ASSIGN_OR_RETURN(std::vector<PromptTask> tasks, ScoreTasks(request, entry.weights));
  for (int i = 0; i < request.items_size(); ++i) response.add_items();
  Collector collector(context);
  RETURN_IF_ERROR(collector.Submit(engine_, std::move(tasks)));
  for (int i = 0; i < request.items_size(); ++i) {
    ASSIGN_OR_RETURN(const SequenceResult result, collector.Next());
    response.mutable_items(static_cast<int>(result.index))
        ->mutable_logprobs()
        ->Add(result.model_logprobs.begin(), result.model_logprobs.end());
  }
  response.set_weight_version(entry.weight_version);
  return absl::OkStatus();
}

absl::Status PolicyServiceImpl::DoGetModel(const v1::GetModelRequest& request,
                                           v1::GetModelResponse& response) const {
  response.set_architecture("t5");
  response.set_path(model_.folder.string());
  response.set_vocab_size(static_cast<uint32_t>(model_.config.vocab_size));
  response.set_max_prompt_tokens(static_cast<uint32_t>(limits_.max_prompt_tokens));
  response.set_max_new_tokens(static_cast<uint32_t>(limits_.max_new_tokens));
  if (!request.model().empty()) {
    ASSIGN_OR_RETURN(const ServedEntry entry, registry_.Find(request.model(), "model"));
    *response.add_models() = ToProto(entry);
    return absl::OkStatus();
  }
  for (const ServedEntry& entry : registry_.List()) *response.add_models() = ToProto(entry);
  return absl::OkStatus();
}

grpc::Status PolicyServiceImpl::Generate(grpc::ServerContext* context,
                                         const v1::GenerateRequest* request,
                                         v1::GenerateResponse* response) {
  return HandleCall(kName, "Generate", context,
                    [&] { return DoGenerate(*context, *request, *response); });
}

grpc::Status PolicyServiceImpl::StreamGenerate(grpc::ServerContext* context,
                                               const v1::StreamGenerateRequest* request,
                                               GenerateWriter* writer) {
  return HandleCall(kName, "StreamGenerate", context, [&] {
    const absl::Status status = DoStreamGenerate(*context, request->generate(), *writer);
    const bool names_a_field = absl::IsInvalidArgument(status) || absl::IsNotFound(status);
    return names_a_field ? InField(status, "generate") : status;
  });
}

grpc::Status PolicyServiceImpl::StreamRollouts(grpc::ServerContext* context,
                                               const v1::StreamRolloutsRequest* request,
                                               RolloutWriter* writer) {
  return HandleCall(kName, "StreamRollouts", context,
                    [&] { return DoRollouts(*context, *request, *writer); });
}

grpc::Status PolicyServiceImpl::ScoreLogprobs(grpc::ServerContext* context,
                                              const v1::ScoreLogprobsRequest* request,
                                              v1::ScoreLogprobsResponse* response) {
  return HandleCall(kName, "ScoreLogprobs", context,
                    [&] { return DoScore(*context, *request, *response); });
}

grpc::Status PolicyServiceImpl::PushWeights(grpc::ServerContext* context,
                                            grpc::ServerReader<v1::PushWeightsRequest>* reader,
                                            v1::PushWeightsResponse* response) {
  return HandleCall(kName, "PushWeights", context, [&]() -> absl::Status {
    const Stopwatch watch;
    ASSIGN_OR_RETURN(const ServedEntry entry, push_.Handle([&](v1::PushWeightsRequest* message) {
      return ReadMessage(*reader, message);
    }));
    RecordPush(entry, watch.Seconds());
    *response->mutable_model() = ToProto(entry);
    return absl::OkStatus();
  });
}

grpc::Status PolicyServiceImpl::LoadAdapter(grpc::ServerContext* context,
                                            const v1::LoadAdapterRequest* request,
                                            v1::LoadAdapterResponse* response) {
  return HandleCall(kName, "LoadAdapter", context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const ServedEntry entry, adapters_.Load(*request));
    LogInfo("serving adapter ", entry.name, " on ", entry.parent, " sha256 ", entry.sha256);
    *response->mutable_model() = ToProto(entry);
    return absl::OkStatus();
  });
}

grpc::Status PolicyServiceImpl::UnloadAdapter(grpc::ServerContext* context,
                                              const v1::UnloadAdapterRequest* request,
                                              v1::UnloadAdapterResponse* response) {
  return HandleCall(kName, "UnloadAdapter", context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const ServedEntry entry, adapters_.Unload(*request));
    LogInfo("adapter ", entry.name, " is no longer served");
    *response->mutable_model() = ToProto(entry);
    return absl::OkStatus();
  });
}

grpc::Status PolicyServiceImpl::ListAdapters(grpc::ServerContext* context,
                                             const v1::ListAdaptersRequest*,
                                             v1::ListAdaptersResponse* response) {
  return HandleCall(kName, "ListAdapters", context, [&] {
    for (const ServedEntry& entry : adapters_.List()) *response->add_models() = ToProto(entry);
    return absl::OkStatus();
  });
}

grpc::Status PolicyServiceImpl::GetModel(grpc::ServerContext* context,
                                         const v1::GetModelRequest* request,
                                         v1::GetModelResponse* response) {
  return HandleCall(kName, "GetModel", context, [&] { return DoGetModel(*request, *response); });
}

}  // namespace tact

#include "tests/bench/engine/generation.h"

#include <algorithm>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "tests/bench/engine/prompts.h"

namespace tact::bench {
namespace {

constexpr SequenceLimits kLimits = {.max_prompt_tokens = 512, .max_new_tokens = 128};
constexpr int64_t kManyTokens = int64_t{1} << 30;

// Results that the engine's thread hands over. Shared with it, since it may still hold the call.
struct Inbox {
  absl::Mutex mutex;
  int64_t expected ABSL_GUARDED_BY(mutex) = 0;
  int64_t tokens ABSL_GUARDED_BY(mutex) = 0;
  absl::Status status ABSL_GUARDED_BY(mutex);

  bool Complete() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return expected <= 0 || !status.ok();
  }
  void Take(const SequenceResult& result) ABSL_LOCKS_EXCLUDED(mutex) {
    absl::MutexLock lock(&mutex);
    --expected;
    tokens += std::ssize(result.ids);
    status.Update(result.status);
  }
};

nlohmann::json Sizes(const GenerationCase& work) {
  return {{"batch", work.batch},
          {"prompt_tokens", work.prompt_tokens},
          {"samples", work.samples},
          {"new_tokens", work.new_tokens}};
}

absl::Status WarmUp(Engine& engine, const BenchModel& model,
                    std::span<const GenerationCase> cases) {
  for (size_t i = 0; i < cases.size(); ++i) {
    if (i > 0 && cases[i].work == cases[i - 1].work) continue;
    RETURN_IF_ERROR(RunCase(engine, model, cases[i]));
  }
  return absl::OkStatus();
}

absl::Status Repeat(Engine& engine, const BenchModel& model, std::span<const GenerationCase> cases,
                    std::vector<Measurement>& out) {
  for (size_t i = 0; i < cases.size(); ++i) {
    ResetPeak();
    const UsageWatch watch;
    RETURN_IF_ERROR(RunCase(engine, model, cases[i]));
    out[i].repetitions.push_back(watch.Read());
    out[i].peak_mib = std::max(out[i].peak_mib, PeakMib());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<WeightType> ParseWeightType(std::string_view name) {
  if (name == "f32") return WeightType::kF32;
  if (name == "bf16") return WeightType::kBF16;
  if (name == "int8") return WeightType::kInt8;
  return FieldError("--dtype", name, "is not known", "give f32, bf16 or int8");
}

absl::StatusOr<BenchModel> LoadBenchModel(const std::string& folder, const std::string& dtype,
                                          int threads) {
  ASSIGN_OR_RETURN(const WeightType type, ParseWeightType(dtype));
  ASSIGN_OR_RETURN(PolicyModel model, LoadPolicyModel(folder, kLimits, type));
  return BenchModel{model.config, std::move(model.snapshot), dtype, threads};
}

std::unique_ptr<Engine> WideEngine(const BenchModel& model, int64_t sequences) {
  EngineOptions options = {.sequence = kLimits, .threads = model.threads};
  options.batch.max_running = sequences;
  options.batch.max_batch_tokens = kManyTokens;
  options.batch.max_encode_tokens = kManyTokens;
  return std::make_unique<Engine>(options, model.config);
}

int64_t MostSequences(std::span<const GenerationCase> cases) {
  int64_t most = 1;
  for (const GenerationCase& work : cases) most = std::max(most, work.batch * work.samples);
  return most;
}

PromptTask MakeTask(const BenchModel& model, std::vector<int32_t> prompt, int64_t new_tokens) {
  PromptTask task = {.weights = {.snapshot = model.snapshot, .adapter = nullptr},
                     .prompt_ids = std::move(prompt)};
  task.sampling.max_new_tokens = new_tokens;
  task.sampling.processors.min_new_tokens = new_tokens;
  return task;
}

absl::StatusOr<int64_t> Generate(Engine& engine, std::vector<PromptTask> tasks) {
  const auto inbox = std::make_shared<Inbox>();
  {
    absl::MutexLock lock(&inbox->mutex);
    for (const PromptTask& task : tasks) inbox->expected += task.sampling.num_samples;
  }
  const auto call = std::make_shared<Call>(
      absl::InfiniteFuture(), [inbox](const SequenceResult& result) { inbox->Take(result); });
  RETURN_IF_ERROR(engine.Submit(call, std::move(tasks)));
  absl::MutexLock lock(&inbox->mutex);
  inbox->mutex.Await(absl::Condition(inbox.get(), &Inbox::Complete));
  RETURN_IF_ERROR(inbox->status);
  return inbox->tokens;
}

absl::Status RunCase(Engine& engine, const BenchModel& model, const GenerationCase& work) {
  std::vector<PromptTask> tasks;
  for (std::vector<int32_t>& prompt : Prompts(work)) {
    PromptTask task = MakeTask(model, std::move(prompt), work.new_tokens);
    task.index = tasks.size();
    task.prompt_key = tasks.size();
    task.sampling.do_sample = work.do_sample;
    task.sampling.num_samples = work.samples;
    task.sampling.seed = work.seed;
    tasks.push_back(std::move(task));
  }
  ASSIGN_OR_RETURN(const int64_t tokens, Generate(engine, std::move(tasks)));
  if (tokens == work.tokens()) return absl::OkStatus();
  return absl::InternalError(
      StrCat(work.name(), ": ", tokens, " new tokens came, not ", work.tokens()));
}

absl::StatusOr<std::vector<Measurement>> MeasureGeneration(const BenchModel& model,
                                                           std::span<const GenerationCase> cases,
                                                           const Repeats& repeats) {
  std::vector<Measurement> out;
  for (const GenerationCase& work : cases) {
    out.push_back({.name = work.name(),
                   .work = work.work,
                   .dtype = model.dtype,
                   .threads = model.threads,
                   .tokens = work.tokens(),
                   .more = Sizes(work)});
  }
  const std::unique_ptr<Engine> engine = WideEngine(model, MostSequences(cases));
  for (int i = 0; i < repeats.warm_up; ++i) RETURN_IF_ERROR(WarmUp(*engine, model, cases));
  for (int i = 0; i < repeats.count; ++i) {
    RETURN_IF_ERROR(Repeat(*engine, model, cases, out));
  }
  return out;
}

}  // namespace tact::bench

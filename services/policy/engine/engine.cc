#include "services/policy/engine/engine.h"

#include <iterator>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/kernels/threads.h"

namespace tact {
namespace {

void DeliverAll(std::vector<WaitingPrompt> prompts, absl::Time now, const absl::Status& otherwise) {
  for (const WaitingPrompt& prompt : prompts) {
    absl::Status status = prompt.call->CheckWanted(now);
    if (status.ok()) status = otherwise;
    prompt.call->Deliver({.index = prompt.task.index, .status = std::move(status)});
  }
}

absl::Status Stopping() {
  return absl::UnavailableError("the server is stopping; send the request to another replica");
}

}  // namespace

Engine::Engine(const EngineOptions& options, const T5Config& config)
    : options_(options),
      batch_(options.batch, {config.num_decoder_layers, options.sequence.max_new_tokens,
                             config.num_heads, config.d_kv}),
      metrics_(options.batch, options.max_waiting),
      waiting_(options.max_waiting),
      thread_([this] { Run(); }) {}

Engine::~Engine() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

absl::Status Engine::Submit(std::shared_ptr<Call> call, std::vector<PromptTask> tasks) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return Stopping();
  RETURN_IF_ERROR(waiting_.Push(std::move(call), std::move(tasks), SteadyNow()));
  metrics_.SetWaiting(waiting_.size());
  return absl::OkStatus();
}

bool Engine::WaitForWork() {
  absl::MutexLock lock(&mutex_);
  batch_idle_ = batch_.empty();
  mutex_.Await(absl::Condition(this, &Engine::HasWork));
  return !stopping_;
}

void Engine::Admit() {
  std::vector<WaitingPrompt> unwanted;
  const absl::Time now = SteadyNow();
  batch_.DropUnwanted(now);
  {
    absl::MutexLock lock(&mutex_);
    unwanted = waiting_.RemoveUnwanted(now);
    while (const int64_t room = batch_.Room()) {
      std::optional<WaitingPrompt> next = waiting_.Pop(room);
      if (!next.has_value()) break;
      metrics_.Admitted(std::ssize(next->task.prompt_ids));
      batch_.Admit(*std::move(next));
    }
    metrics_.SetWaiting(waiting_.size());
  }
  DeliverAll(std::move(unwanted), now, absl::OkStatus());
}

void Engine::StepOnce() {
  Admit();
  if (!batch_.empty()) {
    const absl::Time began = SteadyNow();
    const StepReport report = batch_.Step();
    metrics_.Stepped(report, began, SteadyNow());
  }
  metrics_.SetRunning(batch_);
}

void Engine::Run() {
  UseComputeThreads(options_.threads);
  while (WaitForWork()) {
    heart_.BeginStep();
    const absl::Cleanup end_step = [this] { heart_.EndStep(); };
    const absl::Status status = CatchExceptions("engine step", [&] {
      StepOnce();
      return absl::OkStatus();
    });
    if (status.ok()) continue;
    LogError("the running batch was dropped: ", status.message());
    batch_.DropAll(status);
  }
  batch_.DropAll(Stopping());
  std::vector<WaitingPrompt> waiting;
  {
    absl::MutexLock lock(&mutex_);
    waiting = waiting_.RemoveAll();
  }
  DeliverAll(std::move(waiting), SteadyNow(), Stopping());
}

}  // namespace tact

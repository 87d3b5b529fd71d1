#include "services/reward/batcher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"
#include "services/reward/batcher_metrics.h"

namespace tact {
struct Batcher::Call {
  absl::Time deadline;
  std::vector<TokenIds> texts;
  std::vector<Logits> logits;  // in the order of texts
  size_t left = 0;             // texts without an answer
  absl::Status status;         // the first error
  bool Done() const { return left == 0 || !status.ok(); }
};

size_t Batcher::Waiting::tokens() const { return call->texts[index].size(); }

Batcher::Batcher(const BatcherOptions& options, Engine engine)
    : options_(options),
      engine_(std::move(engine)),
      budget_(options.max_batch_tokens),
      thread_([this] { RunEngine(); }) {
  BatcherMetrics::Get().limit.Set(static_cast<double>(options.max_queue));
}

Batcher::~Batcher() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    for (const auto& [due, waiting] : queue_) {
      waiting.call->status = absl::UnavailableError("the reward service is stopping; try again");
    }
    queue_.clear();
  }
  thread_.join();
}

absl::StatusOr<std::vector<Batcher::Logits>> Batcher::Score(std::vector<TokenIds> texts,
                                                            const CallerPatience& patience) {
  if (texts.empty()) return std::vector<Logits>();
  auto call = std::make_shared<Call>();
  call->deadline = patience.deadline;
  call->logits.resize(texts.size());
  call->left = texts.size();
  call->texts = std::move(texts);
  RETURN_IF_ERROR(Enqueue(call));
  RETURN_IF_ERROR(WaitFor(*call, patience));
  return std::move(call->logits);
}

absl::Status Batcher::Enqueue(const std::shared_ptr<Call>& call) {
  const absl::Time now = SteadyNow();
  const absl::Time due = std::min(call->deadline, now + options_.max_wait);
  absl::MutexLock lock(&mutex_);
  if (stopping_) return absl::UnavailableError("the reward service is stopping; try again");
  const size_t count = call->texts.size();
  if (queue_.size() + count > options_.max_queue) {
    BatcherMetrics::Get().refused.Increment();
    return MakeError(absl::StatusCode::kResourceExhausted,
                     {"QUEUE_FULL", "items", StrCat(count, " texts, ", queue_.size(), " waiting"),
                      StrCat("wait a second and try again with fewer texts, add replicas or raise "
                             "--max-queue (now ",
                             options_.max_queue, ")")},
                     "no room in the queue");
  }
  for (size_t i = 0; i < count; ++i) queue_.emplace(due, Waiting{call, i, now});
  BatcherMetrics::Get().queue.Set(static_cast<double>(queue_.size()));
  return absl::OkStatus();
}

absl::Status Batcher::WaitFor(Call& call, const CallerPatience& patience) {
  constexpr absl::Duration kLook = absl::Milliseconds(20);  // between looks at `cancelled`
  absl::MutexLock lock(&mutex_);
  while (!call.Done()) {
    const absl::Duration left = patience.deadline - SteadyNow();
    if (left <= absl::ZeroDuration()) {
      Abandon(call, absl::DeadlineExceededError("the deadline passed before the texts were scored; "
                                                "allow more time or send fewer texts"));
    } else if (patience.cancelled()) {
      Abandon(call, absl::CancelledError("the caller gave up"));
    } else {
      mutex_.AwaitWithTimeout(absl::Condition(&call, &Call::Done), std::min(left, kLook));
    }
  }
  return call.status;
}

void Batcher::Abandon(Call& call, const absl::Status& why) {
  call.status = why;
  BatcherMetrics& metrics = BatcherMetrics::Get();
  (absl::IsDeadlineExceeded(why) ? metrics.deadline : metrics.cancelled).Increment();
  std::erase_if(queue_, [&](const auto& item) { return item.second.call.get() == &call; });
  BatcherMetrics::Get().queue.Set(static_cast<double>(queue_.size()));
}

void Batcher::RunEngine() {
  engine_.start();
  while (true) {
    const std::vector<Waiting> batch = TakeBatch();
    if (batch.empty()) return;
    heart_.BeginStep();
    Deliver(batch, RunBatch(batch));
    heart_.EndStep();
  }
}

// Nothing means that the batcher is stopping.
std::vector<Batcher::Waiting> Batcher::TakeBatch() {
  absl::MutexLock lock(&mutex_);
  const auto ready = [this] {
    mutex_.AssertReaderHeld();
    return stopping_ || !queue_.empty();
  };
  mutex_.Await(absl::Condition(&ready));
  const absl::Time now = SteadyNow();
  std::vector<Waiting> batch = TakeDue(now);
  for (const Waiting& waiting : batch) {
    BatcherMetrics::Get().waited.Observe(absl::ToDoubleSeconds(now - waiting.since));
  }
  BatcherMetrics::Get().queue.Set(static_cast<double>(queue_.size()));
  // Neighbours of one length keep the threads of an attention step equally busy.
  std::stable_sort(batch.begin(), batch.end(),
                   [](const Waiting& a, const Waiting& b) { return a.tokens() > b.tokens(); });
  return batch;
}

// At least one text, if any waits.
std::vector<Batcher::Waiting> Batcher::TakeDue(absl::Time now) {
  std::vector<Waiting> batch;
  int64_t tokens = 0, limit = options_.max_batch_tokens;
  while (!queue_.empty()) {
    const auto next = queue_.begin();
    limit = std::min(limit, budget_.Tokens(now, next->second.call->deadline));
    tokens += static_cast<int64_t>(next->second.tokens());
    if (tokens > limit && !batch.empty()) break;
    batch.push_back(std::move(next->second));
    queue_.erase(next);
  }
  return batch;
}

absl::StatusOr<std::vector<float>> Batcher::RunBatch(const std::vector<Waiting>& batch) {
  Texts texts;
  int64_t tokens = 0;
  for (const Waiting& waiting : batch) {
    texts.push_back(waiting.call->texts[waiting.index]);
    tokens += static_cast<int64_t>(waiting.tokens());
  }
  const Stopwatch watch;
  auto logits = CatchExceptions("scoring", [&] { return engine_.run(texts); });
  const double took = watch.Seconds();
  BatcherMetrics::Get().Ran(texts.size(), tokens, took);
  absl::MutexLock lock(&mutex_);
  budget_.Observe(tokens, took);
  return logits;
}

void Batcher::Deliver(const std::vector<Waiting>& batch,
                      const absl::StatusOr<std::vector<float>>& logits) {
  absl::MutexLock lock(&mutex_);
  const size_t labels = logits.ok() ? logits->size() / batch.size() : 0;
  for (size_t i = 0; i < batch.size(); ++i) {
    Call& call = *batch[i].call;
    if (!logits.ok() && call.status.ok()) call.status = logits.status();
    if (!call.status.ok()) continue;  // failed, or its caller has gone
    const auto first = logits->begin() + static_cast<std::ptrdiff_t>(i * labels);
    call.logits[batch[i].index].assign(first, first + static_cast<std::ptrdiff_t>(labels));
    --call.left;
  }
}

}  // namespace tact

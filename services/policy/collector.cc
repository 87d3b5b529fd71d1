#include "services/policy/collector.h"

#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

// How often a waiting handler looks whether its client is still there.
constexpr absl::Duration kPoll = absl::Milliseconds(5);

}  // namespace

Collector::Collector(const grpc::ServerContext& context)
    : context_(context), inbox_(std::make_shared<Inbox>()) {
  auto deliver = [inbox = inbox_](SequenceResult result) {
    absl::MutexLock lock(&inbox->mutex);
    inbox->results.push_back(std::move(result));
  };
  call_ = std::make_shared<Call>(absl::FromChrono(context.deadline()), std::move(deliver));
}

Collector::~Collector() { call_->Cancel(); }

absl::Status Collector::Submit(Engine& engine, std::vector<PromptTask> tasks) {
  return engine.Submit(call_, std::move(tasks));
}

absl::StatusOr<SequenceResult> Collector::Next() {
  while (true) {
    {
      absl::MutexLock lock(&inbox_->mutex);
      inbox_->mutex.AwaitWithTimeout(absl::Condition(inbox_.get(), &Inbox::HasResult), kPoll);
      if (!inbox_->results.empty()) {
        SequenceResult result = std::move(inbox_->results.front());
        inbox_->results.pop_front();
        if (result.status.ok()) return result;
        return Annotate(result.status, StrCat("item ", result.index));
      }
    }
    RETURN_IF_ERROR(call_->CheckWanted(absl::Now()));
    if (context_.IsCancelled()) call_->Cancel();
  }
}

}  // namespace tact

#include "services/trainer/clients/call_events.h"

#include <chrono>
#include <utility>

#include "common/base/clock.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr std::chrono::milliseconds kPoll(50);

}  // namespace

CallEvents::CallEvents(grpc::ClientContext& context, std::string peer, StopCheck check)
    : context_(context), peer_(std::move(peer)), check_(std::move(check)) {}

CallEvents::~CallEvents() {
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

void CallEvents::Fail(const absl::Status& failure) {
  if (!failure_.ok() || failure.ok()) return;
  failure_ = failure;
  context_.TryCancel();
}

bool CallEvents::Next(double idle_seconds) {
  const Stopwatch watch;
  void* tag = nullptr;
  bool ok = false;
  while (queue_.AsyncNext(&tag, &ok, std::chrono::system_clock::now() + kPoll) ==
         grpc::CompletionQueue::TIMEOUT) {
    if (check_) Fail(check_());
    if (idle_seconds > 0 && watch.Seconds() > idle_seconds) {
      Fail(
          absl::DeadlineExceededError(StrCat(peer_, " has sent nothing for ", idle_seconds, " s")));
    }
  }
  return ok;
}

}  // namespace tact

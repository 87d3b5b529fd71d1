#include "common/rpc/handler.h"

#include "common/rpc/method_metrics.h"
#include "common/rpc/refusals.h"

namespace tact {
namespace {

// The innermost call that this thread handles.
thread_local MethodMetrics* current = nullptr;

}  // namespace

CallRecord::CallRecord(std::string_view service, std::string_view method)
    : metrics_(MethodMetrics::Of(service, method)), outer_(current) {
  current = &metrics_;
  NoteHandler();
  metrics_.Started();
}

CallRecord::~CallRecord() { current = outer_; }

void CallRecord::Finish(const absl::Status& status) {
  metrics_.Finished(status.code(), watch_.Seconds());
}

void CountReceivedMessage() {
  if (current != nullptr) current->Received();
}

void CountSentMessage() {
  if (current != nullptr) current->Sent();
}

}  // namespace tact

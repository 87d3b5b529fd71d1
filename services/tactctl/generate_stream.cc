#include "services/tactctl/generate_stream.h"

#include <algorithm>
#include <atomic>
#include <ostream>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/interrupt.h"
#include "services/tactctl/output.h"
#include "services/tactctl/piece_order.h"

namespace tact::ctl {
namespace {

class StreamPrinter {
 public:
  StreamPrinter(const v1::GenerateRequest& request, Context& context)
      : prompts_(static_cast<size_t>(request.prompts_size())),
        samples_(std::max<size_t>(request.sampling().num_samples(), 1)),
        order_(prompts_ * samples_),
        context_(context) {}

  absl::Status Take(const v1::StreamGenerateResponse& event) {
    if (event.prompt_index() >= prompts_ || event.sample_index() >= samples_) {
      return absl::InternalError("a piece belongs to no prompt of the request");
    }
    if (context_.output == Output::kJsonLines) {
      context_.terminal.out << ToJson(event, false) << std::flush;
    } else if (context_.output == Output::kTable) {
      Print(event);
    }
    if (event.has_completion()) *response_.add_completions() = event.completion();
    response_.set_weight_version(event.weight_version());
    return absl::OkStatus();
  }

  v1::GenerateResponse Finish() {
    std::sort(response_.mutable_completions()->begin(), response_.mutable_completions()->end(),
              [](const v1::Completion& a, const v1::Completion& b) {
                return std::make_pair(a.prompt_index(), a.sample_index()) <
                       std::make_pair(b.prompt_index(), b.sample_index());
              });
    return std::move(response_);
  }

 private:
  void Print(const v1::StreamGenerateResponse& event) {
    const bool cut =
        event.has_completion() && event.completion().finish_reason() == v1::FINISH_REASON_LENGTH;
    context_.terminal.out << order_.Take(event.prompt_index() * samples_ + event.sample_index(),
                                         StrCat(event.text(), cut ? " [cut]" : ""),
                                         event.has_completion())
                          << std::flush;
  }

  const size_t prompts_, samples_;
  PieceOrder order_;
  Context& context_;
  v1::GenerateResponse response_;
};

}  // namespace

absl::StatusOr<v1::GenerateResponse> StreamResponses(const Client<v1::PolicyService>& client,
                                                     const v1::GenerateRequest& request,
                                                     Context& context) {
  grpc::ClientContext call;
  std::atomic<bool> interrupted = false;
  InterruptScope scope([&] {
    interrupted = true;
    call.TryCancel();
  });
  v1::StreamGenerateRequest stream;
  *stream.mutable_generate() = request;
  const auto reader = client.stub().StreamGenerate(&call, stream);
  StreamPrinter printer(request, context);
  absl::Status taken;
  for (v1::StreamGenerateResponse event; taken.ok() && reader->Read(&event);) {
    taken = printer.Take(event);
  }
  if (!taken.ok()) call.TryCancel();
  const grpc::Status status = reader->Finish();
  if (interrupted) {
    context.exit_code = kInterruptedExitCode;
    return absl::CancelledError("left by Ctrl-C");
  }
  RETURN_IF_ERROR(taken);
  if (!status.ok()) return ExplainFailure(client.service(), status, call);
  return printer.Finish();
}

}  // namespace tact::ctl

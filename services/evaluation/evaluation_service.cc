#include "services/evaluation/evaluation_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/handler.h"
#include "services/evaluation/evaluation_requests.h"
#include "services/evaluation/report/comparison.h"
#include "services/evaluation/runner/evaluate.h"
#include "services/evaluation/runner/evaluation_spec.h"
#include "services/evaluation/summary/evaluation_summary.h"

namespace tact {
namespace {

constexpr char kService[] = "tact.v1.EvaluationService";
constexpr uint32_t kDefaultPageSize = 100;
constexpr uint32_t kMaxPageSize = 1000;
constexpr size_t kChunkBytes = 64 << 10;
// A caller waits for these: a service that is down is told at once.
constexpr CallOptions kNoWaiting = {0, 300};

v1::Evaluation NewEvaluation(const v1::RunEvaluationRequest& request) {
  v1::Evaluation evaluation;
  evaluation.set_id(EvaluationId(request.request_id()));
  *evaluation.mutable_spec() = request.spec();
  FillDefaults(*evaluation.mutable_spec());
  evaluation.set_state(v1::EVALUATION_STATE_RUNNING);
  evaluation.set_total(static_cast<uint32_t>(request.spec().examples_size()));
  evaluation.set_created_at(UnixSeconds());
  return evaluation;
}

std::string Render(const Report& report, v1::ReportFormat format) {
  switch (format) {
    case v1::REPORT_FORMAT_JSON:
      return JsonReport(report);
    case v1::REPORT_FORMAT_CSV:
      return CsvReport(report);
    case v1::REPORT_FORMAT_SUMMARY_CSV:
      return SummaryCsvReport(report);
    default:
      return HtmlReport(report);
  }
}

absl::Status SendChunks(std::string_view bytes, grpc::ServerWriter<v1::GetReportResponse>& writer) {
  while (!bytes.empty()) {
    v1::GetReportResponse response;
    response.set_chunk(std::string(bytes.substr(0, kChunkBytes)));
    if (!WriteMessage(writer, response)) return absl::CancelledError("the caller gave up");
    bytes.remove_prefix(std::min(bytes.size(), kChunkBytes));
  }
  return absl::OkStatus();
}

}  // namespace

EvaluationService::EvaluationService(EvaluationStore& store, EvaluationRunner& runner,
                                     const ModelChannels& channels)
    : store_(store), runner_(runner), channels_(channels) {}

void EvaluationService::Stop() { stop_.Stop(); }

grpc::Status EvaluationService::RunEvaluation(grpc::ServerContext* context,
                                              const v1::RunEvaluationRequest* request,
                                              v1::RunEvaluationResponse* response) {
  return HandleCall(kService, "RunEvaluation", context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(*response->mutable_evaluation(), Submit(*request));
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::Evaluation> EvaluationService::Submit(const v1::RunEvaluationRequest& request) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  const v1::Evaluation evaluation = NewEvaluation(request);
  // A repeated request is answered with what it made, whatever else it says.
  if (auto known = store_.Summary(evaluation.id()); known.ok()) return known;
  RETURN_IF_ERROR(CheckSpec(evaluation.spec()));
  absl::MutexLock lock(&submit_);
  RETURN_IF_ERROR(runner_.CheckRoom());
  ASSIGN_OR_RETURN(const bool is_new, store_.Create(evaluation));
  if (is_new) RETURN_IF_ERROR(runner_.Submit(evaluation.id()));
  return store_.Summary(evaluation.id());
}

grpc::Status EvaluationService::GetEvaluation(grpc::ServerContext* context,
                                              const v1::GetEvaluationRequest* request,
                                              v1::GetEvaluationResponse* response) {
  return HandleCall(kService, "GetEvaluation", context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(v1::Evaluation evaluation, ReadSummary(request->id()));
    if (request->include_examples()) {
      ASSIGN_OR_RETURN(v1::Evaluation whole, store_.Read(request->id()));
      evaluation.mutable_results()->Swap(whole.mutable_results());
    }
    *response->mutable_evaluation() = std::move(evaluation);
    return absl::OkStatus();
  });
}

grpc::Status EvaluationService::WatchEvaluation(
    grpc::ServerContext* context, const v1::WatchEvaluationRequest* request,
    grpc::ServerWriter<v1::WatchEvaluationResponse>* writer) {
  return HandleCall(kService, "WatchEvaluation", context,
                    [&] { return Watch(request->id(), *context, *writer); });
}

absl::Status EvaluationService::Watch(const std::string& id, grpc::ServerContext& context,
                                      grpc::ServerWriter<v1::WatchEvaluationResponse>& writer) {
  constexpr absl::Duration kLook = absl::Milliseconds(200);  // between looks for a cancel
  uint64_t seen = 0;
  while (!context.IsCancelled()) {
    if (stop_.stopped()) return absl::UnavailableError("the evaluation service is stopping");
    ASSIGN_OR_RETURN(const EvaluationStore::Watched watched, store_.WaitForChange(id, seen, kLook));
    if (watched.revision == seen) continue;
    seen = watched.revision;
    v1::WatchEvaluationResponse response;
    *response.mutable_evaluation() = watched.summary;
    if (!WriteMessage(writer, response)) break;
    if (watched.summary.state() != v1::EVALUATION_STATE_RUNNING) return absl::OkStatus();
  }
  return absl::CancelledError("the caller gave up");
}

grpc::Status EvaluationService::ListEvaluations(grpc::ServerContext* context,
                                                const v1::ListEvaluationsRequest* request,
                                                v1::ListEvaluationsResponse* response) {
  return HandleCall(kService, "ListEvaluations", context, [&]() -> absl::Status {
    if (request->page_size() > kMaxPageSize) {
      return FieldError("page_size", StrCat(request->page_size()),
                        StrCat("expected at most ", kMaxPageSize), "ask for smaller pages");
    }
    const uint32_t size = request->page_size() == 0 ? kDefaultPageSize : request->page_size();
    ASSIGN_OR_RETURN(EvaluationStore::Page page, store_.List(size, request->page_token()));
    for (v1::Evaluation& summary : page.summaries) {
      *response->add_evaluations() = std::move(summary);
    }
    response->set_next_page_token(page.next_token);
    return absl::OkStatus();
  });
}

// A record of an earlier version has fewer numbers in its summary; its results give the others.
absl::StatusOr<v1::Evaluation> EvaluationService::ReadSummary(const std::string& id) {
  ASSIGN_OR_RETURN(v1::Evaluation summary, store_.Summary(id));
  if (IsSummarised(summary)) return summary;
  ASSIGN_OR_RETURN(v1::Evaluation whole, store_.Read(id));
  Summarise(whole);
  return SummaryOf(whole);
}

absl::StatusOr<v1::CompareResponse> EvaluationService::CompareStored(
    const v1::CompareRequest& request, const grpc::ServerContext& context) {
  const auto before = store_.Read(request.before_id());
  if (!before.ok()) return AtField(before.status(), "before_id");
  const auto after = store_.Read(request.after_id());
  if (!after.ok()) return AtField(after.status(), "after_id");
  return CompareEvaluations(*before, *after, request.resampling(),
                            [&] { return context.IsCancelled(); });
}

grpc::Status EvaluationService::Compare(grpc::ServerContext* context,
                                        const v1::CompareRequest* request,
                                        v1::CompareResponse* response) {
  return HandleCall(kService, "Compare", context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(*response, CompareStored(*request, *context));
    return absl::OkStatus();
  });
}

absl::StatusOr<Report> EvaluationService::BuildReport(const v1::GetReportRequest& request,
                                                      const grpc::ServerContext& context) {
  RETURN_IF_ERROR(CheckReportRequest(request));
  Report report;
  v1::CompareRequest compare;
  compare.set_before_id(request.before_id());
  compare.set_after_id(request.after_id());
  *compare.mutable_resampling() = request.resampling();
  ASSIGN_OR_RETURN(report.comparison, CompareStored(compare, context));
  for (const std::string& id : request.other_ids()) {
    const auto other = ReadSummary(id);
    if (!other.ok()) return AtField(other.status(), "other_ids");
    RETURN_IF_ERROR(CheckSucceeded(*other, "other_ids"));
    report.others.push_back(*other);
  }
  report.curves.assign(request.curves().begin(), request.curves().end());
  return report;
}

grpc::Status EvaluationService::GetReport(grpc::ServerContext* context,
                                          const v1::GetReportRequest* request,
                                          grpc::ServerWriter<v1::GetReportResponse>* writer) {
  return HandleCall(kService, "GetReport", context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Report report, BuildReport(*request, *context));
    return SendChunks(Render(report, request->format()), *writer);
  });
}

grpc::Status EvaluationService::ComputeRouge(grpc::ServerContext* context,
                                             const v1::ComputeRougeRequest* request,
                                             v1::ComputeRougeResponse* response) {
  return HandleCall(kService, "ComputeRouge", context, [&] {
    absl::MutexLock lock(&rouge_);
    return ComputeRougePairs(
        *request, [&] { return context->IsCancelled(); }, *response);
  });
}

grpc::Status EvaluationService::ComputeToxicity(grpc::ServerContext* context,
                                                const v1::ComputeToxicityRequest* request,
                                                v1::ComputeToxicityResponse* response) {
  return HandleCall(kService, "ComputeToxicity", context, [&]() -> absl::Status {
    RETURN_IF_ERROR(CheckToxicityRequest(*request));
    ModelClients clients(channels_, kNoWaiting, stop_, *context);
    ASSIGN_OR_RETURN(*response, ScoreToxicity(clients, *request));
    return absl::OkStatus();
  });
}

}  // namespace tact

#include "services/evaluation/evaluation_requests.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/evaluation/rouge/rouge.h"
#include "services/evaluation/runner/evaluation_spec.h"
#include "services/evaluation/summary/evaluation_summary.h"
#include "services/evaluation/summary/resampling.h"

namespace tact {
namespace {

constexpr size_t kMaxRequestIdBytes = 256;
constexpr int kMaxTexts = 10000;
constexpr int kMaxOthers = 32;
constexpr int kMaxCurves = 32;
constexpr int kMaxPoints = 100'000;

absl::Status CheckCount(std::string_view field, int count, int max) {
  if (count >= 1 && count <= max) return absl::OkStatus();
  return FieldError(field, StrCat(count, " texts"), StrCat("expected 1 to ", max),
                    "send at least one, and split long lists over several calls");
}

absl::Status CheckCurve(const v1::ReportCurve& curve, const std::string& field) {
  if (curve.steps_size() != curve.values_size() || curve.steps_size() > kMaxPoints) {
    return FieldError(field, StrCat(curve.steps_size(), " steps, ", curve.values_size(), " values"),
                      StrCat("expected as many steps as values, at most ", kMaxPoints),
                      "send one value for each step");
  }
  const auto finite = [](double x) { return std::isfinite(x); };
  if (std::all_of(curve.steps().begin(), curve.steps().end(), finite) &&
      std::all_of(curve.values().begin(), curve.values().end(), finite)) {
    return absl::OkStatus();
  }
  return FieldError(field, curve.name(), "a step or value is not a finite number",
                    "leave such points out");
}

void Add(const v1::RougeScores& scores, double factor, v1::RougeScores& sum) {
  sum.set_rouge1(sum.rouge1() + factor * scores.rouge1());
  sum.set_rouge2(sum.rouge2() + factor * scores.rouge2());
  sum.set_rouge_l(sum.rouge_l() + factor * scores.rouge_l());
  sum.set_rouge_lsum(sum.rouge_lsum() + factor * scores.rouge_lsum());
}

}  // namespace

std::string EvaluationId(std::string_view request_id) {
  constexpr size_t kDigits = 20;
  std::string key(request_id);
  if (key.empty()) {
    std::random_device device;
    for (int i = 0; i < 4; ++i) StrAppend(&key, device(), "/");
  }
  return "eval-" + Sha256Hex(key).substr(0, kDigits);
}

absl::Status CheckRequestId(std::string_view request_id) {
  if (request_id.size() <= kMaxRequestIdBytes) return absl::OkStatus();
  return FieldError("request_id", Shorten(request_id),
                    StrCat("longer than ", kMaxRequestIdBytes, " bytes"), "send a UUID");
}

absl::Status CheckReportRequest(const v1::GetReportRequest& request) {
  if (request.format() < v1::REPORT_FORMAT_HTML ||
      request.format() > v1::REPORT_FORMAT_SUMMARY_CSV) {
    return FieldError("format", StrCat(static_cast<int>(request.format())), "not a report format",
                      "ask for REPORT_FORMAT_HTML, REPORT_FORMAT_JSON, REPORT_FORMAT_CSV or "
                      "REPORT_FORMAT_SUMMARY_CSV");
  }
  if (request.other_ids_size() > kMaxOthers || request.curves_size() > kMaxCurves) {
    return FieldError(request.other_ids_size() > kMaxOthers ? "other_ids" : "curves",
                      StrCat(std::max(request.other_ids_size(), request.curves_size())),
                      StrCat("more than ", kMaxOthers), "send fewer");
  }
  for (int i = 0; i < request.curves_size(); ++i) {
    RETURN_IF_ERROR(CheckCurve(request.curves(i), StrCat("curves[", i, "]")));
  }
  return absl::OkStatus();
}

absl::Status CheckToxicityRequest(const v1::ComputeToxicityRequest& request) {
  RETURN_IF_ERROR(CheckCount("texts", request.texts_size(), kMaxTexts));
  if (!request.has_toxicity_threshold()) return absl::OkStatus();
  return CheckThreshold(request.toxicity_threshold(), "toxicity_threshold");
}

absl::Status ComputeRougePairs(const v1::ComputeRougeRequest& request,
                               const std::function<bool()>& stopped,
                               v1::ComputeRougeResponse& response) {
  RETURN_IF_ERROR(CheckCount("predictions", request.predictions_size(), kMaxTexts));
  if (request.references_size() != request.predictions_size()) {
    return FieldError(
        "references", StrCat(request.references_size()),
        StrCat("expected one for each of ", request.predictions_size(), " predictions"),
        "send both lists in the same order and length");
  }
  ASSIGN_OR_RETURN(const v1::ResamplingOptions resampling,
                   FilledResampling(request.resampling(), "resampling"));
  std::vector<rouge::Scores> all;
  const bool stem = !request.has_use_stemmer() || request.use_stemmer();
  const double share = 1.0 / request.predictions_size();
  for (int i = 0; i < request.predictions_size(); ++i) {
    if (stopped()) return absl::CancelledError("the caller gave up");
    const auto scores = rouge::Compare(request.references(i), request.predictions(i), stem);
    if (!scores.ok()) return Annotate(scores.status(), StrCat("predictions[", i, "]"));
    v1::RougeScores& message = *response.add_scores();
    message.set_rouge1(scores->rouge1.f);
    message.set_rouge2(scores->rouge2.f);
    message.set_rouge_l(scores->rouge_l.f);
    message.set_rouge_lsum(scores->rouge_lsum.f);
    Add(message, share, *response.mutable_mean());
    all.push_back(*scores);
  }
  *response.mutable_intervals() = BootstrapRouge(all, resampling);
  return absl::OkStatus();
}

}  // namespace tact

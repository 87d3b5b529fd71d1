#include "services/tactctl/job_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/output.h"
#include "services/tactctl/progress.h"

namespace tact::ctl {
namespace {

std::string Lower(const std::string& name, std::string_view prefix) {
  return absl::AsciiStrToLower(name.substr(prefix.size()));
}

std::string Measures(const v1::Job& job) {
  const v1::StepMetrics& m = job.last_metrics();
  if (job.spec().kind() == v1::JOB_KIND_PPO) {
    return StrCat(
        "  reward ", Number(m.reward_mean(), 3), "  kl ", Number(m.kl(), 3), "  ",
        Number(m.response_tokens(), 1), " tokens  weights v", m.weight_version(),
        m.has_validation_reward() ? StrCat("  validation ", Number(m.validation_reward(), 3)) : "");
  }
  std::string text = StrCat("  loss ", Number(m.loss(), 4));
  if (m.has_validation_loss()) {
    StrAppend(&text, "  validation ", Number(m.validation_loss(), 4));
  }
  if (m.has_validation_accuracy()) {
    StrAppend(&text, "  accuracy ", Number(m.validation_accuracy(), 4));
  }
  return text;
}

std::string Parameters(const v1::Job& job) {
  if (job.total_parameters() == 0) return "";
  const double share = 100.0 * static_cast<double>(job.trainable_parameters()) /
                       static_cast<double>(job.total_parameters());
  return StrCat(job.trainable_parameters(), " trained of ", job.total_parameters(), " (",
                Number(share, 2), " %)");
}

std::string Best(const v1::Job& job) {
  if (!job.has_best_step()) return "";
  return StrCat(
      "step ", job.best_step(), ", ",
      Lower(v1::SelectionMetric_Name(job.spec().selection().metric()), "SELECTION_METRIC_"), " ",
      Number(job.best_metric(), 4));
}

std::string Start(const v1::JobSpec& spec) {
  if (!spec.base_job().empty()) return StrCat("job ", spec.base_job());
  return StrCat("model ", spec.base_model(), spec.from_scratch() ? " (from scratch)" : "");
}

}  // namespace

std::string KindName(v1::JobKind kind) { return Lower(v1::JobKind_Name(kind), "JOB_KIND_"); }
std::string StateName(v1::JobState state) { return Lower(v1::JobState_Name(state), "JOB_STATE_"); }

std::string PauseReasonName(v1::PauseReason reason) {
  const std::string name = Lower(v1::PauseReason_Name(reason), "PAUSE_REASON_");
  return absl::StrReplaceAll(name, {{"_", " "}});
}

bool HasEnded(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

absl::StatusOr<v1::JobState> ParseState(const std::string& name) {
  v1::JobState state;
  if (v1::JobState_Parse("JOB_STATE_" + absl::AsciiStrToUpper(name), &state)) return state;
  return FieldError("--state", name, "no state of a job",
                    "choose queued, running, waiting, paused, succeeded, failed or cancelled");
}

absl::StatusOr<v1::JobKind> ParseKind(const std::string& name) {
  v1::JobKind kind;
  if (v1::JobKind_Parse("JOB_KIND_" + absl::AsciiStrToUpper(name), &kind)) return kind;
  return FieldError("--kind", name, "no kind of job", "choose full, lora, ppo or reward");
}

std::string ProgressLine(const v1::Job& job, bool with_bar) {
  std::string line = KindName(job.spec().kind());
  if (with_bar) StrAppend(&line, " ", Bar(job.step(), job.total_steps()));
  if (job.total_steps() > 0) StrAppend(&line, "  step ", job.step(), "/", job.total_steps());
  if (job.step() > 0) StrAppend(&line, Measures(job));
  const bool stepping = job.state() == v1::JOB_STATE_RUNNING && job.total_steps() > 0;
  if (!stepping) StrAppend(&line, "  ", StateName(job.state()));
  if (!job.message().empty()) StrAppend(&line, ": ", job.message());
  if (with_bar && stepping && job.last_metrics().seconds() > 0) {
    StrAppend(&line, "  ", Seconds(job.last_metrics().seconds()), " a step");
  }
  if (job.seconds_left() > 0 && !HasEnded(job.state())) {
    StrAppend(&line, "  ", Seconds(job.seconds_left()), " left");
  }
  return line;
}

std::vector<std::pair<std::string, std::string>> JobFields(const v1::Job& job) {
  const double end = job.finished_at();
  return {
      {"id", job.id()},
      {"name", job.spec().name()},
      {"kind", KindName(job.spec().kind())},
      {"state", StateName(job.state())},
      {"paused", job.state() == v1::JOB_STATE_PAUSED ? PauseReasonName(job.pause_reason()) : ""},
      {"message", job.message()},
      {"start", Start(job.spec())},
      {"data set", job.spec().dataset_id()},
      {"progress", ProgressLine(job, false)},
      {"best", Best(job)},
      {"parameters", Parameters(job)},
      {"published as", job.spec().publish_as()},
      {"weight version", job.weight_version() > 0 ? StrCat(job.weight_version()) : ""},
      {"result", job.result_path()},
      {"created", Timestamp(job.created_at())},
      {"started", Timestamp(job.started_at())},
      {"finished", Timestamp(end)},
      {"took", end > 0 && job.started_at() > 0 ? Seconds(end - job.started_at()) : ""}};
}

}  // namespace tact::ctl

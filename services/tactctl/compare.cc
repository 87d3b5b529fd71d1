// tactctl compare: two evaluations side by side, and their report as files.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>
#include <vector>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/evaluation_follow.h"
#include "services/tactctl/job_follow.h"
#include "services/tactctl/output.h"
#include "services/tactctl/resampling_flags.h"

namespace tact::ctl {
namespace {

struct CompareOptions {
  v1::CompareRequest request;
  std::vector<std::string> others;
  std::vector<std::string> reports;
  std::string job;
  size_t rows = 10;
};

using EvaluationClient = Client<v1::EvaluationService>;

absl::StatusOr<v1::ReportFormat> FormatOf(const std::string& file) {
  const std::string extension = std::filesystem::path(file).extension().string();
  if (file.ends_with(".summary.csv")) return v1::REPORT_FORMAT_SUMMARY_CSV;
  if (extension == ".html") return v1::REPORT_FORMAT_HTML;
  if (extension == ".json") return v1::REPORT_FORMAT_JSON;
  if (extension == ".csv") return v1::REPORT_FORMAT_CSV;
  return FieldError("--report", file, "unknown extension",
                    "end the name in .html, .csv or .json, or in .summary.csv");
}

void AddCurve(v1::GetReportRequest& request, const std::string& name,
              const std::vector<v1::StepMetrics>& steps, double (*value)(const v1::StepMetrics&)) {
  v1::ReportCurve* curve = request.add_curves();
  curve->set_name(name);
  for (const v1::StepMetrics& step : steps) {
    curve->add_steps(step.step());
    curve->add_values(value(step));
  }
}

absl::Status AddCurves(const CompareOptions& options, const Context& context,
                       v1::GetReportRequest& request) {
  if (options.job.empty()) return absl::OkStatus();
  const Client<v1::TrainerService> client(context, context.trainer);
  ASSIGN_OR_RETURN(const auto steps, ReadSteps(client, options.job));
  if (steps.empty()) return absl::OkStatus();
  if (steps.back().response_tokens() > 0) {
    AddCurve(request, "reward", steps, [](const v1::StepMetrics& s) { return s.reward_mean(); });
    AddCurve(request, "kl", steps, [](const v1::StepMetrics& s) { return s.kl(); });
    AddCurve(request, "response tokens", steps,
             [](const v1::StepMetrics& s) { return s.response_tokens(); });
  } else {
    AddCurve(request, "loss", steps, [](const v1::StepMetrics& s) { return s.loss(); });
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FetchReport(const EvaluationClient& client,
                                        const v1::GetReportRequest& request) {
  grpc::ClientContext call;
  const auto reader = client.stub().GetReport(&call, request);
  std::string bytes;
  for (v1::GetReportResponse part; reader->Read(&part);) bytes += part.chunk();
  const grpc::Status status = reader->Finish();
  if (!status.ok()) return ExplainFailure(client.service(), status, call);
  return bytes;
}

absl::Status WriteReports(const EvaluationClient& client, const CompareOptions& options,
                          Context& context) {
  if (options.reports.empty()) return absl::OkStatus();
  v1::GetReportRequest request;
  request.set_before_id(options.request.before_id());
  request.set_after_id(options.request.after_id());
  *request.mutable_resampling() = options.request.resampling();
  request.mutable_other_ids()->Assign(options.others.begin(), options.others.end());
  RETURN_IF_ERROR(AddCurves(options, context, request));
  for (const std::string& file : options.reports) {
    ASSIGN_OR_RETURN(const v1::ReportFormat format, FormatOf(file));
    request.set_format(format);
    ASSIGN_OR_RETURN(const std::string bytes, FetchReport(client, request));
    RETURN_IF_ERROR(WriteFileAtomically(file, bytes));
    if (context.output == Output::kTable) context.terminal.out << "wrote " << file << '\n';
  }
  return absl::OkStatus();
}

void PrintRows(const v1::CompareResponse& response, size_t limit, Terminal& terminal) {
  const size_t count = std::min(limit, static_cast<size_t>(response.rows_size()));
  if (count == 0) return;
  terminal.out << "\nSorted by reward difference, " << count << " of " << response.rows_size()
               << ":\n";
  const size_t text_width = terminal.width > 70 ? (terminal.width - 44) / 2 : 13;
  Table table({"REWARD", "AFTER", "DIFF", "TOXIC", "AFTER", "RESPONSE BEFORE", "RESPONSE AFTER"});
  for (size_t i = 0; i < count; ++i) {
    const v1::ComparedExample& row = response.rows(static_cast<int>(i));
    table.Add({Number(row.reward_before(), 2), Number(row.reward_after(), 2),
               Number(row.reward_difference(), 2), Number(row.toxicity_before(), 2),
               Number(row.toxicity_after(), 2), Fit(row.response_before(), text_width),
               Fit(row.response_after(), text_width)});
  }
  table.Print(terminal.out, terminal.width);
}

void PrintComparison(const v1::CompareResponse& response, const CompareOptions& options,
                     Context& context) {
  if (context.output != Output::kTable) {
    context.terminal.out << ToJson(response, context.output == Output::kJson);
    return;
  }
  PrintEvaluations({response.before(), response.after()}, context.terminal);
  context.terminal.out << "\ntoxicity " << Number(response.before().toxicity().mean(), 4) << " -> "
                       << Number(response.after().toxicity().mean(), 4) << " (change "
                       << Number(response.toxicity_change(), 4) << "), reward change "
                       << Number(response.reward_change(), 3) << '\n';
  PrintTests(response, context.terminal);
  PrintRows(response, options.rows, context.terminal);
}

absl::Status RunCompare(const CompareOptions& options, Context& context) {
  for (const std::string& file : options.reports) RETURN_IF_ERROR(FormatOf(file).status());
  const EvaluationClient client(context, context.evaluation);
  ASSIGN_OR_RETURN(const auto response,
                   client.Call(&v1::EvaluationService::Stub::Compare, options.request));
  PrintComparison(response, options, context);
  return WriteReports(client, options, context);
}

}  // namespace

void AddCompareCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* command = app.add_subcommand("compare", "Two evaluations of the same examples");
  command
      ->add_option_function<std::string>(
          "before", [options](const std::string& v) { options->request.set_before_id(v); },
          "Id of the evaluation before")
      ->required();
  command
      ->add_option_function<std::string>(
          "after", [options](const std::string& v) { options->request.set_after_id(v); },
          "Id of the evaluation after")
      ->required();
  command
      ->add_option("--report", options->reports,
                   "Files to write: .html, .json, .csv (examples), .summary.csv (all numbers)")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--job", options->job, "Training job whose curves go into the report");
  command->add_option("--with", options->others, "Further evaluations for the report's first table")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--rows", options->rows, "Rows to print")->capture_default_str();
  AddResamplingFlags(*command, options->request.mutable_resampling());
  command->footer(
      "Example:\n"
      "  tactctl compare BEFORE AFTER --report report.html,report.json,report.csv --job JOB");
  command->callback([options, &context] {
    context.run = [options, &context] { return RunCompare(*options, context); };
  });
}

}  // namespace tact::ctl

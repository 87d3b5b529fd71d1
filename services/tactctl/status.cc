// tactctl status: every replica of each service: is it there, which version, what does it do?
#include "common/base/status.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "common/base/strings.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/output.h"
#include "services/tactctl/replica_report.h"

namespace tact::ctl {
namespace {

nlohmann::ordered_json ReportJson(const ReplicaReport& report) {
  nlohmann::ordered_json json = {{"service", report.service},
                                 {"address", report.address},
                                 {"health", HealthName(report.health)}};
  if (report.stamp) {
    json["version"] = report.stamp->version;
    json["uptime_seconds"] = report.uptime_seconds();
    json["clock_skew_seconds"] = report.skew_seconds;
  }
  for (const v1::ServedModel& model : report.models) {
    json["models"].push_back({{"name", model.name()},
                              {"weight_version", model.weight_version()},
                              {"sha256", model.sha256()}});
  }
  json["detail"] = report.detail;
  return json;
}

void PrintReports(const std::vector<ReplicaReport>& reports, const Context& context) {
  if (context.output == Output::kTable) {
    Table table({"SERVICE", "ADDRESS", "HEALTH", "VERSION", "UP", "DETAIL"});
    for (const ReplicaReport& report : reports) {
      table.Add({report.service, report.address, HealthName(report.health),
                 report.stamp ? report.stamp->version : "-",
                 report.stamp ? Seconds(report.uptime_seconds()) : "-", report.detail});
    }
    return table.Print(context.terminal.out, context.terminal.width);
  }
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const ReplicaReport& report : reports) all.push_back(ReportJson(report));
  if (context.output == Output::kJson) {
    context.terminal.out << all.dump(2) << '\n';
  } else {
    for (const auto& one : all) context.terminal.out << one.dump() << '\n';
  }
}

absl::Status RunStatus(Context& context) {
  ASSIGN_OR_RETURN(const auto reports, AskAllReplicas(context));
  PrintReports(reports, context);
  for (const std::string& difference : VersionDifferences(reports)) {
    context.terminal.err << "replicas differ: " << difference << '\n';
  }
  for (const ReplicaReport& report : reports) {
    if (report.health == Health::kServing) continue;
    return MakeError(absl::StatusCode::kUnavailable,
                     {"SERVICE_UNREACHABLE", report.service, report.address,
                      "start it with \"tactctl up\"; \"tactctl doctor\" looks for the cause"},
                     StrCat("the service is ", HealthName(report.health)));
  }
  return absl::OkStatus();
}

}  // namespace

void AddStatusCommand(CLI::App& app, Context& context) {
  CLI::App* status =
      app.add_subcommand("status", "Every replica of each service: health, version, what it does");
  status->footer(
      "Examples:\n"
      "  tactctl status\n"
      "  tactctl status --policy 10.0.0.7:7001,10.0.0.8:7001\n"
      "  tactctl status --policy dns:///tact-policy:7001 -o json\n"
      "Exit code 14 where one is not serving.");
  status->callback([&context] { context.run = [&context] { return RunStatus(context); }; });
}

}  // namespace tact::ctl

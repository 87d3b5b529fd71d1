#include "services/tactctl/app.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "absl/strings/str_replace.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/path_flags.h"

namespace tact::ctl {
namespace {

constexpr char kFooter[] =
    "Examples:\n"
    "  tactctl up --models models --detach\n"
    "  tactctl generate \"Summarize: Ann tells Bob that the train is late.\"\n"
    "  tactctl status -o json\n\n"
    "Exit codes: 0 done; 1 to 16 the gRPC status of what failed (3 INVALID_ARGUMENT,\n"
    "5 NOT_FOUND, 14 UNAVAILABLE ...); 64 a wrong command line; 75 the job that is followed\n"
    "is paused; 130 left by Ctrl-C.";

// Global flags may stand behind a command too.
void FallThrough(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    command->fallthrough();
    FallThrough(*command);
  }
}

void AddCommands(CLI::App& app, Context& context) {
  AddUpCommand(app, context);
  AddDownCommand(app, context);
  AddStatusCommand(app, context);
  AddDoctorCommand(app, context);
  AddGenerateCommand(app, context);
  AddScoreCommand(app, context);
  AddTrainCommand(app, context);
  AddJobsCommand(app, context);
  AddDatasetsCommand(app, context);
  AddEvalCommand(app, context);
  AddEvaluationsCommand(app, context);
  AddCompareCommand(app, context);
  AddModelsCommand(app, context);
  AddAdaptersCommand(app, context);
  AddCompletionCommand(app, context);
  MarkPaths(app);
  FallThrough(app);
}

// The deepest command that the user named, for "see ... --help".
std::string CommandPath(const CLI::App& app) {
  std::string path = app.get_name();
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    StrAppend(&path, " ", at->get_name());
  }
  return path;
}

int ReportUsage(const CLI::App& app, const CLI::ParseError& error, Terminal& terminal) {
  if (error.get_exit_code() == 0) return app.exit(error, terminal.out, terminal.err);
  terminal.err << "tactctl: " << error.what() << "; see " << CommandPath(app) << " --help\n";
  return kUsageExitCode;
}

int ReportStatus(const absl::Status& status, Terminal& terminal) {
  if (!status.ok()) terminal.err << "tactctl: " << status.message() << '\n';
  const int code = static_cast<int>(status.code());
  return code >= 0 && code <= 16 ? code : 2;
}

absl::Status RunChosen(Context& context) {
  if (context.needs_addresses) RETURN_IF_ERROR(ResolveAddresses(context));
  return CatchExceptions("tactctl", [&] { return context.run(); });
}

}  // namespace

std::shared_ptr<CLI::App> MakeApp(Context& context) {
  auto app = std::make_shared<CLI::App>(
      "tact on the command line: run a cluster, generate, score, train, evaluate.", "tactctl");
  app->require_subcommand(1);
  app->footer(kFooter);
  AddGlobalFlags(*app, context);
  AddCommands(*app, context);
  return app;
}

int RunTactctl(const std::vector<std::string>& arguments, Terminal& terminal) {
  Context context(terminal);
  const std::shared_ptr<CLI::App> app = MakeApp(context);
  try {
    app->parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return ReportUsage(*app, error, terminal);
  }
  const int code = ReportStatus(RunChosen(context), terminal);
  return context.exit_code.value_or(code);
}

}  // namespace tact::ctl

// tactctl jobs list|get|watch|pause|resume|cancel|checkpoints|export.
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/job_export.h"
#include "services/tactctl/job_follow.h"
#include "services/tactctl/job_text.h"
#include "services/tactctl/output.h"

namespace tact::ctl {
namespace {

struct JobsOptions {
  std::string id;
  v1::ListJobsRequest filter;
  std::vector<std::string> states, kinds;
  uint32_t limit = 20;
  ExportOptions exported;
  double patience_seconds = 60;
};

void PrintJob(const v1::Job& job, const Context& context) {
  if (context.output == Output::kTable) return PrintFields(context.terminal.out, JobFields(job));
  context.terminal.out << ToJson(job, context.output == Output::kJson);
}

void PrintJobs(const v1::ListJobsResponse& list, const Context& context) {
  if (context.output == Output::kJson) {
    context.terminal.out << ToJson(list, true);
    return;
  }
  if (context.output == Output::kJsonLines) {
    for (const v1::Job& job : list.jobs()) context.terminal.out << ToJson(job, false);
    return;
  }
  Table table({"ID", "NAME", "KIND", "STATE", "STEP", "CREATED", "MESSAGE"});
  for (const v1::Job& job : list.jobs()) {
    table.Add({job.id(), job.spec().name(), KindName(job.spec().kind()), StateName(job.state()),
               StrCat(job.step(), "/", job.total_steps()), Timestamp(job.created_at()),
               job.message()});
  }
  table.Print(context.terminal.out, context.terminal.width);
}

// Pages until `limit` jobs are there.
absl::Status RunList(const JobsOptions& options, Context& context) {
  const Client<v1::TrainerService> client(context, context.trainer);
  v1::ListJobsResponse all;
  v1::ListJobsRequest request = options.filter;
  for (const std::string& state : options.states) {
    ASSIGN_OR_RETURN(const v1::JobState parsed, ParseState(state));
    request.add_states(parsed);
  }
  for (const std::string& kind : options.kinds) {
    ASSIGN_OR_RETURN(const v1::JobKind parsed, ParseKind(kind));
    request.add_kinds(parsed);
  }
  do {
    request.set_page_size(std::min<uint32_t>(options.limit - all.jobs_size(), 1000));
    ASSIGN_OR_RETURN(const auto page, client.Call(&v1::TrainerService::Stub::ListJobs, request));
    all.mutable_jobs()->MergeFrom(page.jobs());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && static_cast<uint32_t>(all.jobs_size()) < options.limit);
  all.set_next_page_token(request.page_token());
  PrintJobs(all, context);
  if (!all.next_page_token().empty() && context.output == Output::kTable) {
    context.terminal.err << "there are more: --page-token " << all.next_page_token() << '\n';
  }
  return absl::OkStatus();
}

absl::Status RunGet(const JobsOptions& options, Context& context) {
  const Client<v1::TrainerService> client(context, context.trainer);
  v1::GetJobRequest request;
  request.set_id(options.id);
  ASSIGN_OR_RETURN(const auto response, client.Call(&v1::TrainerService::Stub::GetJob, request));
  PrintJob(response.job(), context);
  return absl::OkStatus();
}

absl::Status RunWatch(const JobsOptions& options, Context& context) {
  const Client<v1::TrainerService> client(context, context.trainer);
  return FollowJob(client, options.id, options.patience_seconds, context);
}

// CancelJob, PauseJob and ResumeJob: an id goes in, the job comes back.
template <typename Request, typename Response>
absl::Status RunControl(const JobsOptions& options, Context& context,
                        grpc::Status (v1::TrainerService::Stub::*method)(grpc::ClientContext*,
                                                                         const Request&,
                                                                         Response*)) {
  const Client<v1::TrainerService> client(context, context.trainer);
  Request request;
  request.set_id(options.id);
  ASSIGN_OR_RETURN(const auto response, client.Call(method, request));
  PrintJob(response.job(), context);
  return absl::OkStatus();
}

absl::Status RunCancel(const JobsOptions& options, Context& context) {
  return RunControl(options, context, &v1::TrainerService::Stub::CancelJob);
}
absl::Status RunPause(const JobsOptions& options, Context& context) {
  return RunControl(options, context, &v1::TrainerService::Stub::PauseJob);
}
absl::Status RunResume(const JobsOptions& options, Context& context) {
  return RunControl(options, context, &v1::TrainerService::Stub::ResumeJob);
}

absl::Status RunCheckpoints(const JobsOptions& options, Context& context) {
  return ListCheckpoints(options.id, context);
}

absl::Status RunExport(const JobsOptions& options, Context& context) {
  return ExportJob(options.id, options.exported, context);
}

using Run = absl::Status (*)(const JobsOptions&, Context&);

CLI::App* AddOne(CLI::App& jobs, const std::string& name, const std::string& help, Run run,
                 const std::shared_ptr<JobsOptions>& options, Context& context) {
  CLI::App* command = jobs.add_subcommand(name, help);
  command->callback([options, run, &context] {
    context.run = [options, run, &context] { return run(*options, context); };
  });
  return command;
}

// A command about one job.
CLI::App* AddAboutOne(CLI::App& jobs, const std::string& name, const std::string& help, Run run,
                      const std::shared_ptr<JobsOptions>& options, Context& context) {
  CLI::App* command = AddOne(jobs, name, help, run, options, context);
  command->add_option("id", options->id, "Id of the job")->required();
  command->footer(StrCat("Example:\n  tactctl jobs ", name, " lora-1a2b3c4d"));
  return command;
}

void AddListFlags(CLI::App& list, JobsOptions& options) {
  list.add_option("--state", options.states, "Only these, e.g. running,paused")->delimiter(',');
  list.add_option("--kind", options.kinds, "Only these: full, lora, ppo, reward")->delimiter(',');
  list.add_option_function<std::string>(
      "--name", [&options](const std::string& v) { options.filter.set_name_contains(v); },
      "Only those whose name holds this text");
  list.add_option("--limit", options.limit, "At most so many")
      ->check(CLI::Range(1u, 100000u))
      ->capture_default_str();
  list.add_option_function<std::string>(
      "--page-token", [&options](const std::string& v) { options.filter.set_page_token(v); },
      "Where the list before ended");
  list.footer("Example:\n  tactctl jobs list --state paused,failed --kind ppo --name detox");
}

void AddExportFlags(CLI::App& command, ExportOptions& options) {
  command.add_option("--out", options.folder, "Folder to make; must not exist")->required();
  command.add_flag("--merge", options.merge, "An adapter merged into its base: a whole model");
  command.footer("Example:\n  tactctl jobs export lora-1a2b3c4d --out sft-merged --merge");
}

}  // namespace

void AddJobsCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<JobsOptions>();
  CLI::App* jobs = app.add_subcommand("jobs", "Training jobs");
  jobs->require_subcommand(1);
  jobs->footer("Examples:\n  tactctl jobs list\n  tactctl jobs watch lora-1a2b3c4d");
  AddListFlags(*AddOne(*jobs, "list", "Newest first", RunList, options, context), *options);
  AddAboutOne(*jobs, "get", "One job", RunGet, options, context);
  CLI::App* watch = AddAboutOne(*jobs, "watch", "Follow a job to its end; Ctrl-C leaves it running",
                                RunWatch, options, context);
  watch
      ->add_option("--reconnect-seconds", options->patience_seconds,
                   "How long to wait for a trainer that is away")
      ->capture_default_str();
  watch->footer(
      "Example:\n  tactctl jobs watch lora-1a2b3c4d\n"
      "Exit codes: 0 it succeeded, 10 it failed, 1 it was cancelled, 75 it is paused.");
  AddAboutOne(*jobs, "pause", "Set a job aside with a checkpoint, until resume", RunPause, options,
              context);
  AddAboutOne(*jobs, "resume", "Let a paused job go on", RunResume, options, context);
  AddAboutOne(*jobs, "cancel", "End a job; its last checkpoint is kept", RunCancel, options,
              context);
  AddAboutOne(*jobs, "checkpoints", "The checkpoints that a job has now, newest first",
              RunCheckpoints, options, context);
  AddExportFlags(*AddAboutOne(*jobs, "export", "Write a job's result into a folder", RunExport,
                              options, context),
                 options->exported);
}

}  // namespace tact::ctl

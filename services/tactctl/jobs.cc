// tactctl jobs list|get|watch|cancel.
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/job_follow.h"
#include "services/tactctl/job_text.h"
#include "services/tactctl/output.h"

namespace tact::ctl {
namespace {

struct JobsOptions {
  std::string id;
  uint32_t limit = 20;
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
  v1::ListJobsRequest request;
  do {
    request.set_page_size(std::min<uint32_t>(options.limit - all.jobs_size(), 1000));
    ASSIGN_OR_RETURN(const auto page, client.Call(&v1::TrainerService::Stub::ListJobs, request));
    all.mutable_jobs()->MergeFrom(page.jobs());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && static_cast<uint32_t>(all.jobs_size()) < options.limit);
  all.set_next_page_token(request.page_token());
  PrintJobs(all, context);
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

absl::Status RunCancel(const JobsOptions& options, Context& context) {
  const Client<v1::TrainerService> client(context, context.trainer);
  v1::CancelJobRequest request;
  request.set_id(options.id);
  ASSIGN_OR_RETURN(const auto response, client.Call(&v1::TrainerService::Stub::CancelJob, request));
  PrintJob(response.job(), context);
  return absl::OkStatus();
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

}  // namespace

void AddJobsCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<JobsOptions>();
  CLI::App* jobs = app.add_subcommand("jobs", "Training jobs");
  jobs->require_subcommand(1);
  AddOne(*jobs, "list", "Newest first", RunList, options, context)
      ->add_option("--limit", options->limit, "At most so many")
      ->check(CLI::Range(1u, 100000u))
      ->capture_default_str();
  AddOne(*jobs, "get", "One job", RunGet, options, context)
      ->add_option("id", options->id, "Id of the job")
      ->required();
  CLI::App* watch = AddOne(*jobs, "watch", "Follow a job to its end; Ctrl-C leaves it running",
                           RunWatch, options, context);
  watch->add_option("id", options->id, "Id of the job")->required();
  watch
      ->add_option("--patience", options->patience_seconds,
                   "Seconds to wait for a trainer that is away")
      ->capture_default_str();
  AddOne(*jobs, "cancel", "End a job; its last checkpoint is kept", RunCancel, options, context)
      ->add_option("id", options->id, "Id of the job")
      ->required();
}

}  // namespace tact::ctl

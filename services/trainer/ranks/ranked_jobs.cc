#include "services/trainer/ranks/ranked_jobs.h"

#include <string>

#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/trainer/ranks/ranked_context.h"

namespace tact {
namespace {

// How long a rank that failed waits for rank 0 to fail likewise, before it says that it alone did.
constexpr absl::Duration kPatience = absl::Seconds(5);

std::string WhereItGoesOn(JobContext& context) {
  const std::vector<uint32_t> steps = context.checkpoints().steps();
  return steps.empty() ? "begins again, as there is no checkpoint yet"
                       : StrCat("goes on from the checkpoint of step ", steps.front());
}

// `lost` is why the last group is no more; empty at first.
absl::StatusOr<RankGroup*> FormFor(JobContext& context, RankHost& host, const std::string& lost) {
  const auto wait = [&](const std::string& missing) -> absl::Status {
    RETURN_IF_ERROR(context.CheckStop());
    if (missing.empty()) return absl::OkStatus();
    const std::string waits = StrCat("waits for ", missing);
    return context.ReportWaiting(
        lost.empty() ? waits : StrCat(lost, "; ", waits, ", then ", WhereItGoesOn(context)));
  };
  ASSIGN_OR_RETURN(RankGroup* const group, host.Form(wait));
  RETURN_IF_ERROR(context.ReportWaiting(""));
  return group;
}

// The job and, behind it, those that it builds on.
absl::StatusOr<std::string> Describe(const v1::Job& job, const FindJob& find_job) {
  v1::ListJobsResponse out;
  *out.add_jobs() = job;
  std::string base = job.spec().base_job();
  while (!base.empty()) {
    ASSIGN_OR_RETURN(*out.add_jobs(), find_job(base));
    base = out.jobs(out.jobs_size() - 1).spec().base_job();
  }
  return out.SerializeAsString();
}

absl::StatusOr<v1::Job> FindIn(const v1::ListJobsResponse& jobs, std::string_view id) {
  for (const v1::Job& job : jobs.jobs()) {
    if (job.id() == id) return job;
  }
  return absl::NotFoundError(StrCat("rank 0 has not told of job ", id));
}

absl::Status RunOnce(JobContext& context, RankHost& host, RankGroup& group, const FindJob& find_job,
                     const LeadingRecipe& recipe) {
  ASSIGN_OR_RETURN(const std::string description, Describe(context.job(), find_job));
  RETURN_IF_ERROR(host.BeginJob(description));
  LeadingContext leading(context, host, group);
  const absl::Status status = CatchExceptions("job", [&] { return recipe(leading); });
  host.EndJob(status.ok() ? "done" : ToStd(status.message()));
  return status;
}

}  // namespace

absl::Status RunOnRanks(JobContext& context, RankHost& host, const FindJob& find_job,
                        const LeadingRecipe& recipe) {
  std::string lost;
  while (true) {
    ASSIGN_OR_RETURN(RankGroup* const group, FormFor(context, host, lost));
    const absl::Status status = RunOnce(context, host, *group, find_job, recipe);
    if (!IsRankLost(status)) return status;
    lost = std::string(status.message());
    LogWarning("job ", context.job().id(), ": ", lost);
  }
}

absl::Status FollowJobs(RankWorker& worker, const std::filesystem::path& data_dir,
                        const FollowingRecipe& recipe) {
  while (true) {
    const absl::StatusOr<std::string> description = worker.NextJob();
    if (absl::IsCancelled(description.status())) return absl::OkStatus();
    RETURN_IF_ERROR(description.status());
    v1::ListJobsResponse jobs;
    if (!jobs.ParseFromString(*description) || jobs.jobs().empty()) {
      return absl::InternalError("rank 0 sent no job; start all ranks from one version");
    }
    FollowingContext context(jobs.jobs(0), worker, data_dir);
    LogInfo("job ", context.job().id(), " runs");
    const FindJob find_job = [&](std::string_view id) { return FindIn(jobs, id); };
    const absl::Status status = CatchExceptions("job", [&] { return recipe(context, find_job); });
    // What fails on every rank, such as a loss that is NaN, ends the job on rank 0 too.
    if (absl::IsDeadlineExceeded(worker.WaitForEnd(kPatience)) && !status.ok()) {
      worker.Leave(ToStd(status.message()));
      return status;
    }
    RETURN_IF_ERROR(worker.lost());
  }
}

}  // namespace tact

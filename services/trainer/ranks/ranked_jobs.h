// Jobs on several ranks: rank 0 forms the group for each, and again when a rank was lost; the
// others train what it says.
#ifndef TACT_SERVICES_TRAINER_RANKS_RANKED_JOBS_H_
#define TACT_SERVICES_TRAINER_RANKS_RANKED_JOBS_H_

#include <filesystem>
#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/trainer/jobs/job_context.h"
#include "services/trainer/ranks/rank_host.h"
#include "services/trainer/ranks/rank_worker.h"

namespace tact {

using FindJob = std::function<absl::StatusOr<v1::Job>(std::string_view id)>;
using LeadingRecipe = std::function<absl::Status(JobContext&)>;
// `find_job` knows the jobs that this one builds on: workers do not read rank 0's database.
using FollowingRecipe = std::function<absl::Status(JobContext&, const FindJob& find_job)>;

// On rank 0. While ranks are missing the job is WAITING and says which; when one is lost it goes on
// from the newest checkpoint once all are there again. Returns the recipe's status.
absl::Status RunOnRanks(JobContext& context, RankHost& host, const FindJob& find_job,
                        const LeadingRecipe& recipe);

// On the others: job after job, until rank 0 stops in good order (OK) or the group is lost.
absl::Status FollowJobs(RankWorker& worker, const std::filesystem::path& data_dir,
                        const FollowingRecipe& recipe);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_RANKED_JOBS_H_

// The process of a rank above 0: HTTP for health and metrics, no gRPC; ends when rank 0 does, when
// a rank is lost, and on SIGTERM.
#ifndef TACT_SERVICES_TRAINER_RANKS_WORKER_PROCESS_H_
#define TACT_SERVICES_TRAINER_RANKS_WORKER_PROCESS_H_

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "services/trainer/ranks/rank_settings.h"
#include "services/trainer/ranks/ranked_jobs.h"

namespace tact {

// Returns 0 after SIGTERM and where rank 0 has stopped in good order. Where a rank is lost the
// process ends at once with 1 and says which: whoever launched it starts it again. Stop signals
// must be blocked (BlockStopSignals).
absl::StatusOr<int> RunWorkerProcess(const RankSettings& settings, const std::string& http_address,
                                     const std::filesystem::path& data_dir,
                                     const FollowingRecipe& recipe);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_WORKER_PROCESS_H_

// Jobs as the page's script reads them.
#ifndef TACT_SERVICES_TRAINER_PAGE_JOB_JSON_H_
#define TACT_SERVICES_TRAINER_PAGE_JOB_JSON_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/trainer/jobs/job_store.h"

namespace tact {

nlohmann::json JobJson(const v1::Job& job);

// {"job": ..., "sequence": the last event that was read, "more": true where the rest did not fit
// into one answer, "curves": [{"name", "points": [[step, value], ...]}]} of the events above
// `after`. NOT_FOUND for an unknown job.
absl::StatusOr<nlohmann::json> JobEventsJson(const JobStore& store, std::string_view id,
                                             uint64_t after);

// Bytes that are no UTF-8 are replaced.
std::string Dump(const nlohmann::json& value);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PAGE_JOB_JSON_H_

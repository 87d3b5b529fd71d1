// Responses of a PPO job at its first step and now, to the same prompts where they come again. Kept
// as one JSON file for each job, and only where the trainer may store text.
#ifndef TACT_SERVICES_TRAINER_PAGE_SAMPLE_LOG_H_
#define TACT_SERVICES_TRAINER_PAGE_SAMPLE_LOG_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "services/trainer/jobs/job_context.h"

namespace tact {

struct SampleAtStep {
  uint32_t step = 0;
  std::string response;
  std::optional<double> score;
};

// One prompt: what was answered first, and last if it has come again.
struct KeptSample {
  std::string prompt;
  SampleAtStep before;
  std::optional<SampleAtStep> now;
};

struct KeptSamples {
  std::vector<KeptSample> fixed;   // prompts of the first step that reported
  std::vector<KeptSample> latest;  // of the last one, other prompts
};

// Pure: what is kept after another step. At most `limit` of each.
KeptSamples KeepSamples(KeptSamples kept, uint32_t step, const std::vector<RolloutSample>& samples,
                        size_t limit);

class SampleLog {
 public:
  explicit SampleLog(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Durable when it returns OK.
  absl::Status Add(std::string_view job_id, uint32_t step,
                   const std::vector<RolloutSample>& samples) const;
  // Nothing where nothing was kept, or where it cannot be read.
  KeptSamples Read(std::string_view job_id) const;

 private:
  std::filesystem::path PathOf(std::string_view job_id) const;
  std::filesystem::path folder_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PAGE_SAMPLE_LOG_H_

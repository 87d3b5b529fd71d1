#include "services/trainer/plan/memory_guard.h"

#include <optional>

#include "absl/strings/str_format.h"
#include "common/base/memory.h"
#include "common/base/status.h"
#include "services/trainer/plan/recipe_drafts.h"

namespace tact {
namespace {

std::string Mebibytes(uint64_t bytes) {
  return absl::StrFormat("%.1f MiB", static_cast<double>(bytes) / (1 << 20));
}

}  // namespace

absl::Status CheckMemory(const v1::JobSpec& spec, const JobEnvironment& environment,
                         uint64_t limit) {
  const uint64_t resident = ResidentBytes();
  const absl::StatusOr<PlanDraft> draft = DraftPlan(spec, environment, resident);
  const std::optional<uint64_t> left = AvailableBytes();
  if (!draft.ok() || (limit == 0 && !left)) return absl::OkStatus();
  const uint64_t room = limit > 0 ? limit : resident + *left;
  const uint64_t needed = draft->plan.memory().total();
  if (needed <= room) return absl::OkStatus();
  return MakeError(absl::StatusCode::kResourceExhausted,
                   {.reason = "NO_MEMORY",
                    .field = "spec",
                    .value = Mebibytes(needed),
                    .fix = "free memory, choose smaller micro-batches or shorter texts, train an "
                           "adapter, or raise --memory-limit-mb; then resume the job"},
                   "the job needs " + Mebibytes(needed) +
                       " at its peak, and the trainer may have " + Mebibytes(room));
}

}  // namespace tact

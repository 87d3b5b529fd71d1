#include "services/trainer/checkpoint/checkpoint_list.h"

#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "services/trainer/checkpoint/checkpoint_store.h"

namespace tact {
namespace {

namespace fs = std::filesystem;

uint64_t BytesOf(const fs::path& folder) {
  uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto size = entry.file_size(error);
    if (!error) bytes += size;
  }
  return bytes;
}

double ModifiedAt(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return 0;
  return static_cast<double>(info.st_mtim.tv_sec) +
         1e-9 * static_cast<double>(info.st_mtim.tv_nsec);
}

v1::Checkpoint Describe(const fs::path& folder, uint32_t step,
                        const absl::StatusOr<nlohmann::json>& state) {
  v1::Checkpoint out;
  out.set_step(step);
  out.set_bytes(BytesOf(folder));
  out.set_created_at(ModifiedAt(folder));
  if (!state.ok()) {
    out.set_damage(std::string(state.status().message()));
  } else if (state->contains("metric")) {
    out.set_metric((*state)["metric"].get<double>());
  }
  return out;
}

}  // namespace

std::vector<v1::Checkpoint> DescribeCheckpoints(const fs::path& folder) {
  const CheckpointStore store(folder);
  const nlohmann::json::json_pointer best_step("/selection/best_step");
  std::vector<v1::Checkpoint> out;
  std::optional<uint32_t> best;  // by the newest that knows
  for (uint32_t step : store.steps()) {
    const absl::StatusOr<nlohmann::json> state = store.ReadState(step);
    out.push_back(Describe(store.PathOf(step), step, state));
    if (!best && state.ok() && state->contains(best_step)) {
      best = (*state)[best_step].get<uint32_t>();
    }
  }
  for (v1::Checkpoint& checkpoint : out) checkpoint.set_is_best(best == checkpoint.step());
  return out;
}

}  // namespace tact

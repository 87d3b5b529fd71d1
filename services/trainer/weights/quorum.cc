#include "services/trainer/weights/quorum.h"

#include <algorithm>

#include "services/trainer/clients/service_status.h"

namespace tact {

size_t NeededReplicas(const v1::PublishSettings& settings, size_t replicas) {
  if (settings.mode() != v1::PUBLISH_MODE_QUORUM) return replicas;
  const size_t asked = settings.min_replicas();
  return std::min(asked == 0 ? replicas / 2 + 1 : asked, replicas);
}

std::optional<absl::Status> DecideQuorum(const std::vector<std::optional<absl::Status>>& answers,
                                         size_t needed) {
  size_t ready = 0, passing = 0, final = 0;
  const absl::Status *first_passing = nullptr, *first_final = nullptr;
  for (const std::optional<absl::Status>& answer : answers) {
    if (!answer) continue;
    if (answer->ok()) {
      ++ready;
    } else if (IsTransient(*answer)) {
      if (passing++ == 0) first_passing = &*answer;
    } else {
      if (final++ == 0) first_final = &*answer;
    }
  }
  if (ready >= needed) return absl::OkStatus();
  const size_t spare = answers.size() - needed;
  if (final > spare) return *first_final;
  if (passing + final > spare) return first_passing != nullptr ? *first_passing : *first_final;
  return std::nullopt;
}

}  // namespace tact

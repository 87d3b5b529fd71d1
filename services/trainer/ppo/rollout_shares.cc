#include "services/trainer/ppo/rollout_shares.h"

#include <algorithm>

namespace tact {

RolloutShares::RolloutShares(const std::vector<uint64_t>& prompts, size_t replicas, double patience)
    : progress_(replicas), patience_(patience) {
  for (uint64_t prompt : prompts) open_[prompt];
}

std::vector<uint64_t> RolloutShares::Unassigned() const {
  std::vector<uint64_t> out;
  for (const auto& [prompt, holders] : open_) {
    if (holders.empty()) out.push_back(prompt);
  }
  return out;
}

// Prompts that others hold, all of them without progress.
std::vector<uint64_t> RolloutShares::Stalled(size_t replica, double now) const {
  std::vector<uint64_t> out;
  for (const auto& [prompt, holders] : open_) {
    const bool stalled = std::all_of(holders.begin(), holders.end(), [&](size_t holder) {
      return holder != replica && now - progress_[holder] > patience_;
    });
    if (stalled) out.push_back(prompt);
  }
  return out;
}

std::vector<uint64_t> RolloutShares::Next(size_t replica, const std::vector<size_t>& ready,
                                          double now) {
  std::vector<uint64_t> share = Unassigned();
  if (share.empty()) {
    share = Stalled(replica, now);
  } else {
    const auto idle = static_cast<size_t>(std::count_if(
        ready.begin(), ready.end(), [&](size_t i) { return i != replica && !Holds(i); }));
    share.resize((share.size() + idle) / (idle + 1));
  }
  for (uint64_t prompt : share) open_[prompt].insert(replica);
  progress_[replica] = now;
  return share;
}

bool RolloutShares::Take(uint64_t prompt, size_t replica, double now) {
  progress_[replica] = now;
  return open_.erase(prompt) == 1;
}

size_t RolloutShares::Return(size_t replica) {
  size_t left = 0;
  for (auto& [prompt, holders] : open_) left += holders.erase(replica);
  return left;
}

bool RolloutShares::Holds(size_t replica) const {
  return std::any_of(open_.begin(), open_.end(),
                     [&](const auto& item) { return item.second.contains(replica); });
}

}  // namespace tact

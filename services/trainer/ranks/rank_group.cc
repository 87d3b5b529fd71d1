#include "services/trainer/ranks/rank_group.h"

#include "common/base/status.h"

namespace tact {
namespace {

constexpr char kReason[] = "RANK_LOST";

}  // namespace

RankGroup& RanksOf(JobContext& context) {
  static SingleRank alone;
  RankGroup* const ranks = context.ranks();
  return ranks != nullptr ? *ranks : alone;
}

absl::Status RankLostError(std::string_view what) {
  return WithErrorDetail(absl::UnavailableError(std::string(what)),
                         {kReason, "rank", "", "start the rank again, with the same settings"});
}

bool IsRankLost(const absl::Status& status) {
  if (status.ok()) return false;
  const auto detail = GetErrorDetail(status);
  return detail && detail->reason == kReason;
}

}  // namespace tact

#include "services/trainer/ranks/rank_worker.h"

#include <unistd.h>

#include <random>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"
#include "services/trainer/ranks/rank_keys.h"

namespace tact {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(100);

std::string NewToken() {
  std::random_device random;
  return absl::StrFormat("%d-%08x%08x", getpid(), random(), random());
}

// Tries for times.join, as the ranks start in any order.
absl::StatusOr<std::unique_ptr<SharedStore>> Reach(const RankSettings& settings,
                                                   const RankTimes& times,
                                                   const std::function<absl::Status()>& check) {
  const absl::Time deadline = SteadyNow() + times.join;
  LogInfo("rank ", settings.rank, " waits for rank 0 at ", settings.meeting_point());
  while (true) {
    RETURN_IF_ERROR(check());
    auto store = SharedStore::Connect(settings, std::min(times.lost_after, times.join));
    if (store.ok() || SteadyNow() >= deadline) return store;
    absl::SleepFor(kPoll);
  }
}

}  // namespace

RankWorker::RankWorker(const RankSettings& settings, const RankTimes& times, std::string token,
                       std::unique_ptr<SharedStore> store, Heartbeat::OnLost on_lost)
    : settings_(settings),
      times_(times),
      token_(std::move(token)),
      store_(std::move(store)),
      heartbeat_(*store_, BeatKey(token_), times, std::move(on_lost)) {}

absl::StatusOr<std::unique_ptr<RankWorker>> RankWorker::Join(
    const RankSettings& settings, const RankTimes& times,
    const std::function<absl::Status()>& check, Heartbeat::OnLost on_lost) {
  ASSIGN_OR_RETURN(auto store, Reach(settings, times, check));
  auto worker = std::unique_ptr<RankWorker>(
      new RankWorker(settings, times, NewToken(), std::move(store), std::move(on_lost)));
  RETURN_IF_ERROR(worker->WaitForGroup(check));
  return worker;
}

absl::Status RankWorker::WaitForGroup(const std::function<absl::Status()>& check) {
  heartbeat_.Watch({{{0, kLeaderBeat}}, "", settings_.world_size});
  RETURN_IF_ERROR(store_->Set(WorldKey(token_), StrCat(settings_.world_size)));
  RETURN_IF_ERROR(store_->Set(JoinKey(settings_.rank), token_));
  ASSIGN_OR_RETURN(prefix_, WaitForPrefix(check));
  heartbeat_.Watch({{{0, kLeaderBeat}}, LostKey(prefix_), settings_.world_size});
  ASSIGN_OR_RETURN(group_, GlooGroup::Connect(settings_, *store_, heartbeat_, prefix_, times_));
  LogInfo("rank ", settings_.rank, " of ", settings_.world_size, " has joined");
  return absl::OkStatus();
}

absl::StatusOr<std::string> RankWorker::WaitForPrefix(const std::function<absl::Status()>& check) {
  while (true) {
    RETURN_IF_ERROR(check());
    RETURN_IF_ERROR(heartbeat_.lost());
    ASSIGN_OR_RETURN(const auto refusal, store_->Get(RefusalKey(token_)));
    if (refusal) return absl::InvalidArgumentError(*refusal);
    ASSIGN_OR_RETURN(const auto prefix, store_->Get(GroupKey(token_)));
    if (prefix) return *prefix;
    absl::SleepFor(kPoll);
  }
}

absl::StatusOr<std::string> RankWorker::NextJob() { return group_->WaitForJob(++job_); }

std::string RankWorker::Farewell(std::string_view why) const {
  return StrCat("rank ", settings_.rank, " of ", settings_.world_size, " has left: ", why);
}

void RankWorker::Leave(std::string_view why) { heartbeat_.Lose(RankLostError(Farewell(why))); }

void RankWorker::Tell(std::string_view why) {
  const absl::Status told = store_->Set(LostKey(prefix_), Farewell(why));
  if (!told.ok()) LogWarning("the other ranks could not be told: ", told.message());
}

}  // namespace tact

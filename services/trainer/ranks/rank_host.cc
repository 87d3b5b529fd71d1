#include "services/trainer/ranks/rank_host.h"

#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"
#include "services/trainer/ranks/rank_keys.h"

namespace tact {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(100);

}  // namespace

absl::StatusOr<std::unique_ptr<RankHost>> RankHost::Start(const RankSettings& settings,
                                                          const RankTimes& times) {
  ASSIGN_OR_RETURN(auto store, SharedStore::Host(settings, times.transfer));
  return std::unique_ptr<RankHost>(new RankHost(settings, times, std::move(store)));
}

RankHost::RankHost(const RankSettings& settings, const RankTimes& times,
                   std::unique_ptr<SharedStore> store)
    : settings_(settings),
      times_(times),
      store_(std::move(store)),
      heartbeat_(*store_, kLeaderBeat, times) {}

RankHost::~RankHost() {
  if (!store_->Set(kFarewell, "rank 0 has stopped in good order").ok()) return;
  // Two beats: by then the workers have read it, and do not take the closed port for a loss.
  if (group_ != nullptr) absl::SleepFor(2 * times_.beat);
}

absl::Status RankHost::lost() const {
  return group_ == nullptr ? absl::OkStatus() : heartbeat_.lost();
}

absl::StatusOr<RankGroup*> RankHost::Form(const Wait& wait) {
  if (group_ != nullptr && heartbeat_.lost().ok()) return group_.get();
  group_.reset();
  while (true) {
    ASSIGN_OR_RETURN(const auto tokens, Candidates());
    RETURN_IF_ERROR(wait(Missing(tokens)));
    if (tokens.size() + 1 == static_cast<size_t>(settings_.world_size)) {
      const absl::Status admitted = Admit(tokens);
      if (admitted.ok()) return group_.get();
      LogWarning(admitted.message());
    }
    absl::SleepFor(kPoll);
  }
}

// The processes that want to be a rank and are alive.
absl::StatusOr<std::map<int, std::string>> RankHost::Candidates() {
  std::map<int, std::string> out;
  for (int rank = 1; rank < settings_.world_size; ++rank) {
    ASSIGN_OR_RETURN(const std::string token, Candidate(rank));
    if (!token.empty()) out[rank] = token;
  }
  return out;
}

absl::StatusOr<std::string> RankHost::Candidate(int rank) {
  ASSIGN_OR_RETURN(const auto token, store_->Get(JoinKey(rank)));
  if (!token || used_.contains(*token)) return "";
  ASSIGN_OR_RETURN(const auto world, store_->Get(WorldKey(*token)));
  if (world && *world != StrCat(settings_.world_size)) {
    used_.insert(*token);
    RETURN_IF_ERROR(store_->Set(
        RefusalKey(*token),
        StrCat("WORLD_SIZE: rank ", rank, " was started with ", *world, ", rank 0 with ",
               settings_.world_size, "; start all ranks with the same")));
    return "";
  }
  ASSIGN_OR_RETURN(const int64_t beats, store_->Add(BeatKey(*token), 0));
  const int number =
      number_of_.try_emplace(*token, static_cast<int>(number_of_.size())).first->second;
  arrivals_.Observe(number, beats, SteadyNow());
  return arrivals_.IsAlive(number, 6 * times_.beat, SteadyNow()) ? *token : "";
}

std::string RankHost::Missing(const std::map<int, std::string>& there) const {
  std::vector<int> missing;
  for (int rank = 1; rank < settings_.world_size; ++rank) {
    if (!there.contains(rank)) missing.push_back(rank);
  }
  if (missing.empty()) return "";
  return StrCat(missing.size() == 1 ? "rank " : "ranks ", absl::StrJoin(missing, ", "), " of ",
                settings_.world_size, " at ", settings_.meeting_point());
}

absl::Status RankHost::Admit(const std::map<int, std::string>& tokens) {
  const std::string prefix = StrCat("g", ++generation_);
  job_ = 0;
  Watched watched{{}, LostKey(prefix), settings_.world_size};
  for (const auto& [rank, token] : tokens) {
    used_.insert(token);
    watched.beats[rank] = BeatKey(token);
    RETURN_IF_ERROR(store_->Set(GroupKey(token), prefix));
  }
  heartbeat_.Watch(std::move(watched));
  auto group = GlooGroup::Connect(settings_, *store_, heartbeat_, prefix, times_);
  if (!group.ok()) {
    heartbeat_.Lose(group.status());
    return group.status();
  }
  group_ = *std::move(group);
  LogInfo("trains with ", settings_.world_size, " ranks");
  return absl::OkStatus();
}

absl::Status RankHost::BeginJob(const std::string& description) {
  return group_->BeginJob(++job_, description);
}

void RankHost::EndJob(std::string_view why) {
  const absl::Status told = group_->EndJob(why);
  if (!told.ok()) LogWarning("the other ranks could not be told: ", told.message());
}

}  // namespace tact

#include "services/trainer/ranks/heartbeat.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"
#include "services/trainer/ranks/rank_group.h"

namespace tact {
Heartbeat::Heartbeat(SharedStore& store, std::string own_key, const RankTimes& times,
                     OnLost on_lost)
    : store_(store),
      own_key_(std::move(own_key)),
      times_(times),
      on_lost_(std::move(on_lost)),
      thread_([this] { Loop(); }) {}

Heartbeat::~Heartbeat() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void Heartbeat::Watch(Watched watched) {
  absl::MutexLock lock(&mutex_);
  watched_ = std::move(watched);
  pulses_ = {};
  lost_ = absl::OkStatus();
  suspicious_ = false;
}

absl::Status Heartbeat::lost() const {
  absl::MutexLock lock(&mutex_);
  return lost_;
}

absl::Status Heartbeat::WaitForLost(const absl::Status& otherwise) {
  absl::MutexLock lock(&mutex_);
  suspicious_ = true;
  mutex_.AwaitWithTimeout(absl::Condition(
                              +[](absl::Status* lost) { return !lost->ok(); }, &lost_),
                          times_.lost_after + times_.beat);
  return lost_.ok() ? otherwise : lost_;
}

void Heartbeat::Lose(const absl::Status& why) {
  std::string key;
  {
    absl::MutexLock lock(&mutex_);
    key = watched_.lost_key;
  }
  LoseGroup(key, why);
}

void Heartbeat::LoseGroup(const std::string& key, const absl::Status& why) {
  {
    absl::MutexLock lock(&mutex_);
    if (!lost_.ok() || key != watched_.lost_key) return;
    lost_ = why;
  }
  const bool tell = IsRankLost(why) && !key.empty();
  const absl::Status told = tell ? store_.Set(key, std::string(why.message())) : absl::OkStatus();
  if (!told.ok()) LogWarning("the other ranks could not be told: ", told.message());
  if (on_lost_) on_lost_(why);
}

void Heartbeat::Loop() {
  while (true) {
    Beat();
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), times_.beat)) return;
  }
}

void Heartbeat::Beat() {
  Watched watched;
  {
    absl::MutexLock lock(&mutex_);
    watched = watched_;
  }
  absl::Status status = store_.Add(own_key_, 1).status();
  if (status.ok()) status = Look(watched);
  if (!status.ok()) LoseGroup(watched.lost_key, status);
}

absl::Status Heartbeat::Look(const Watched& watched) {
  if (!watched.lost_key.empty()) {
    ASSIGN_OR_RETURN(const auto lost, store_.Get(watched.lost_key));
    if (lost) return RankLostError(*lost);
  }
  if (watched.beats.contains(0)) {
    ASSIGN_OR_RETURN(const auto farewell, store_.Get(kFarewell));
    if (farewell) return absl::CancelledError(*farewell);
  }
  return LookAtPulses(watched);
}

absl::Status Heartbeat::LookAtPulses(const Watched& watched) {
  for (const auto& [rank, key] : watched.beats) {
    ASSIGN_OR_RETURN(const int64_t beats, store_.Add(key, 0));
    absl::MutexLock lock(&mutex_);
    pulses_.Observe(rank, beats, SteadyNow());
  }
  absl::MutexLock lock(&mutex_);
  const absl::Duration limit =
      suspicious_ ? std::min(times_.lost_after, 5 * times_.beat) : times_.lost_after;
  const auto silent = pulses_.FindSilent(limit, SteadyNow());
  if (!silent || !watched.beats.contains(silent->rank)) return absl::OkStatus();
  return RankLostError(Describe(*silent, watched.size));
}

std::string Heartbeat::Describe(const PulseWatch::Silent& silent, int size) const {
  return absl::StrFormat(
      "rank %d of %d was lost: no sign of life for %.1f s (it was killed, hangs, or its network is "
      "cut); start it again",
      silent.rank, size, absl::ToDoubleSeconds(silent.silence));
}

}  // namespace tact

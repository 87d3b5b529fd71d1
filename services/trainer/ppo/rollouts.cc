#include "services/trainer/ppo/rollouts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/trainer/clients/service_status.h"
#include "services/trainer/ppo/rollout_shares.h"

namespace tact {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(20);
constexpr absl::Duration kPause = absl::Milliseconds(200);
// So many failed streams in a row without a rollout, and a replica is no help.
constexpr int kStrikes = 3;

// The replica is down, or came back without the weights.
bool MayComeBack(const absl::Status& status) {
  return IsTransient(status) || absl::IsNotFound(status) || absl::IsFailedPrecondition(status);
}

std::vector<uint64_t> Ids(const v1::StreamRolloutsRequest& request) {
  std::vector<uint64_t> ids;
  for (const v1::RolloutPrompt& prompt : request.prompts()) ids.push_back(prompt.id());
  return ids;
}

// One collection, with a thread for each replica.
class Collection {
 public:
  Collection(Publisher& publisher, const v1::StreamRolloutsRequest& request,
             const std::function<absl::Status()>& check, const RolloutPatience& patience)
      : publisher_(publisher),
        state_(publisher.state()),
        request_(request),
        check_(check),
        patience_(patience),
        shares_(Ids(request), publisher.replicas().size(), patience.help_seconds),
        out_(publisher.replicas().size()),
        strikes_(publisher.replicas().size()) {
    for (const v1::RolloutPrompt& prompt : request.prompts()) prompts_[prompt.id()] = &prompt;
  }

  absl::StatusOr<std::vector<v1::Rollout>> Run() {
    std::vector<std::thread> threads;
    for (size_t i = 0; i < out_.size(); ++i) threads.emplace_back([this, i] { Work(i); });
    for (std::thread& thread : threads) thread.join();
    absl::MutexLock lock(&mutex_);
    RETURN_IF_ERROR(error_);
    std::vector<v1::Rollout> rollouts;
    for (uint64_t id : Ids(request_)) rollouts.push_back(std::move(done_[id]));
    return rollouts;
  }

 private:
  void Work(size_t replica) {
    while (GoesOn()) {
      if (!Serves(replica)) {
        CatchUp(replica);
        continue;
      }
      const v1::StreamRolloutsRequest share = NextShare(replica);
      if (share.prompts().empty()) {
        absl::SleepFor(kPoll);
      } else {
        EndShare(replica, Ask(replica, share));
      }
    }
  }

  bool Serves(size_t replica) const {
    return state_.Serves(replica, request_.model(), request_.min_weight_version());
  }

  bool GoesOn() {
    const absl::Status status = check_();
    absl::MutexLock lock(&mutex_);
    if (error_.ok()) error_ = status;
    return error_.ok() && !shares_.Done();
  }

  // Waits until the replica's keeper has looked at it and pushed what it lacks.
  void CatchUp(size_t replica) {
    const uint64_t ticket = state_.RequestPass(replica);
    std::optional<absl::Status> finished;
    while (GoesOn() && !Serves(replica) && !finished) {
      state_.WaitForChange(kPoll);
      finished = state_.FinishedBy(replica, ticket);
    }
    if (!finished || Serves(replica)) return;
    SetOut(replica, finished->ok() ? absl::UnavailableError(
                                         StrCat(Peer(replica), " does not serve ", request_.model(),
                                                " at version ", request_.min_weight_version()))
                                   : *finished);
    absl::SleepFor(kPause);
  }

  std::string Peer(size_t replica) const {
    return StrCat("tact-policy at ", publisher_.replicas()[replica]->address());
  }

  // When none is left, the collection ends.
  void SetOut(size_t replica, const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    out_[replica] = true;
    const bool all = std::all_of(out_.begin(), out_.end(), [](bool out) { return out; });
    if (all && error_.ok() && !shares_.Done()) error_ = status;
  }

  v1::StreamRolloutsRequest NextShare(size_t replica) {
    const auto ready = publisher_.Serving(request_.model(), request_.min_weight_version());
    absl::MutexLock lock(&mutex_);
    if (strikes_[replica] < kStrikes) out_[replica] = false;
    v1::StreamRolloutsRequest share = request_;
    share.clear_prompts();
    for (uint64_t id : shares_.Next(replica, ready, watch_.Seconds())) {
      *share.add_prompts() = *prompts_.at(id);
    }
    return share;
  }

  absl::Status Ask(size_t replica, const v1::StreamRolloutsRequest& share) {
    StreamTerms terms;
    terms.idle_seconds = patience_.idle_seconds;
    terms.check = [this, replica]() -> absl::Status {
      RETURN_IF_ERROR(check_());
      absl::MutexLock lock(&mutex_);
      if (!error_.ok()) return error_;
      return shares_.Holds(replica) ? absl::OkStatus()
                                    : absl::AlreadyExistsError("others were faster");
    };
    return publisher_.replicas()[replica]->StreamRollouts(
        share, [&](v1::Rollout&& rollout) { return Take(replica, std::move(rollout)); }, terms);
  }

  absl::Status Take(size_t replica, v1::Rollout&& rollout) {
    RETURN_IF_ERROR(check_());
    RETURN_IF_ERROR(CheckRollout(rollout, request_.min_weight_version()));
    absl::MutexLock lock(&mutex_);
    strikes_[replica] = 0;
    const uint64_t id = rollout.prompt_id();
    if (shares_.Take(id, replica, watch_.Seconds())) done_[id] = std::move(rollout);
    return absl::OkStatus();
  }

  void EndShare(size_t replica, const absl::Status& status) {
    absl::ReleasableMutexLock lock(&mutex_);
    const size_t left = shares_.Return(replica);
    if (left == 0) return;
    if (status.ok() || !MayComeBack(status)) {
      // One that ended well without its rollouts would be asked for ever.
      if (error_.ok()) {
        error_ =
            status.ok()
                ? absl::InternalError(StrCat(Peer(replica), " ended a call without every rollout"))
                : status;
      }
      return;
    }
    const bool useless = ++strikes_[replica] >= kStrikes;
    lock.Release();
    state_.Suspect(replica);
    if (!useless) return;
    SetOut(replica, status);
    absl::SleepFor(kPause);
  }

  Publisher& publisher_;
  PublishState& state_;
  const v1::StreamRolloutsRequest& request_;
  const std::function<absl::Status()>& check_;
  const RolloutPatience patience_;
  const Stopwatch watch_;
  std::map<uint64_t, const v1::RolloutPrompt*> prompts_;
  absl::Mutex mutex_;
  RolloutShares shares_ ABSL_GUARDED_BY(mutex_);
  std::vector<bool> out_ ABSL_GUARDED_BY(mutex_);     // cannot help now
  std::vector<int> strikes_ ABSL_GUARDED_BY(mutex_);  // failed streams since its last rollout
  std::map<uint64_t, v1::Rollout> done_ ABSL_GUARDED_BY(mutex_);
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::Status CheckRollout(const v1::Rollout& rollout, uint64_t min_weight_version) {
  const auto fail = [&](std::string_view what) {
    return absl::InternalError(
        StrCat("tact-policy sent a rollout for prompt ", rollout.prompt_id(), " ", what));
  };
  if (rollout.token_ids().empty()) return fail("without tokens");
  if (rollout.logprobs_size() != rollout.token_ids_size()) return fail("without all its logprobs");
  for (float logprob : rollout.logprobs()) {
    if (!std::isfinite(logprob)) return fail("with a logprob that is not finite");
  }
  if (rollout.weight_version() < min_weight_version) {
    return fail(StrCat("made by version ", rollout.weight_version(), ", not ", min_weight_version));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Rollout>> CollectRollouts(Publisher& publisher,
                                                         const v1::StreamRolloutsRequest& request,
                                                         const std::function<absl::Status()>& check,
                                                         const RolloutPatience& patience) {
  return Collection(publisher, request, check, patience).Run();
}

}  // namespace tact

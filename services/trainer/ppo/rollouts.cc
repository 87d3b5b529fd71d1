#include "services/trainer/ppo/rollouts.h"

#include <cmath>
#include <map>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/trainer/clients/service_status.h"

namespace tact {
namespace {

// One collection: prompts that are still open and rollouts that are there.
class Collection {
 public:
  Collection(Publisher& publisher, const v1::StreamRolloutsRequest& request,
             const std::function<absl::Status()>& check)
      : publisher_(publisher), request_(request), check_(check) {
    for (const v1::RolloutPrompt& prompt : request.prompts()) open_[prompt.id()] = &prompt;
    for (size_t i = 0; i < publisher.replicas().size(); ++i) usable_.push_back(i);
  }

  absl::StatusOr<std::vector<v1::Rollout>> Run() {
    absl::Status last;
    while (!OpenIsEmpty()) {
      if (usable_.empty()) return last;
      const std::vector<absl::Status> statuses = AskEach();
      std::vector<size_t> still_usable;
      for (size_t i = 0; i < usable_.size(); ++i) {
        if (!statuses[i].ok()) last = statuses[i];
        if (IsFinal(statuses[i])) return statuses[i];
        if (statuses[i].ok()) still_usable.push_back(usable_[i]);
      }
      // A replica that ended well without its rollouts would be asked for ever.
      if (still_usable.size() == usable_.size() && !OpenIsEmpty()) {
        return absl::InternalError("tact-policy ended a call without every rollout");
      }
      usable_ = std::move(still_usable);
    }
    return InOrder();
  }

 private:
  static bool IsFinal(const absl::Status& status) { return !status.ok() && !IsTransient(status); }

  bool OpenIsEmpty() const {
    absl::MutexLock lock(&mutex_);
    return open_.empty();
  }

  std::vector<absl::Status> AskEach() {
    const std::vector<v1::StreamRolloutsRequest> shares = Shares(usable_.size());
    std::vector<absl::Status> statuses(usable_.size());
    std::vector<std::thread> threads;
    for (size_t i = 0; i < usable_.size(); ++i) {
      if (shares[i].prompts().empty()) continue;
      threads.emplace_back([&, i] { statuses[i] = Ask(usable_[i], shares[i]); });
    }
    for (std::thread& thread : threads) thread.join();
    return statuses;
  }

  std::vector<v1::StreamRolloutsRequest> Shares(size_t count) const {
    absl::MutexLock lock(&mutex_);
    std::vector<v1::StreamRolloutsRequest> shares(count, request_);
    for (auto& share : shares) share.clear_prompts();
    size_t next = 0;
    for (const auto& [id, prompt] : open_) *shares[next++ % count].add_prompts() = *prompt;
    return shares;
  }

  absl::Status Ask(size_t replica, const v1::StreamRolloutsRequest& share) {
    const absl::Status status = publisher_.replicas()[replica]->StreamRollouts(
        share, [&](v1::Rollout&& rollout) { return Take(std::move(rollout)); });
    if (!absl::IsFailedPrecondition(status) && !absl::IsNotFound(status)) return status;
    // It has come back without the weights.
    RETURN_IF_ERROR(publisher_.Reconcile());
    return absl::UnavailableError(status.message());
  }

  absl::Status Take(v1::Rollout&& rollout) {
    RETURN_IF_ERROR(check_());
    RETURN_IF_ERROR(CheckRollout(rollout, request_.min_weight_version()));
    absl::MutexLock lock(&mutex_);
    if (open_.erase(rollout.prompt_id()) == 1) done_[rollout.prompt_id()] = std::move(rollout);
    return absl::OkStatus();
  }

  std::vector<v1::Rollout> InOrder() {
    absl::MutexLock lock(&mutex_);
    std::vector<v1::Rollout> out;
    for (const v1::RolloutPrompt& prompt : request_.prompts()) {
      out.push_back(std::move(done_[prompt.id()]));
    }
    return out;
  }

  Publisher& publisher_;
  const v1::StreamRolloutsRequest& request_;
  const std::function<absl::Status()>& check_;
  std::vector<size_t> usable_;  // replicas that have not failed in this collection
  mutable absl::Mutex mutex_;
  std::map<uint64_t, const v1::RolloutPrompt*> open_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, v1::Rollout> done_ ABSL_GUARDED_BY(mutex_);
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

absl::StatusOr<std::vector<v1::Rollout>> CollectRollouts(
    Publisher& publisher, const v1::StreamRolloutsRequest& request,
    const std::function<absl::Status()>& check) {
  return Collection(publisher, request, check).Run();
}

}  // namespace tact

#include "services/trainer/ranks/gloo_group.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr int64_t kBucketBytes = 64 << 20;
// Looking for the job's end costs a round trip: not at every look for the others.
constexpr absl::Duration kEndPoll = absl::Milliseconds(20);

// Sleeps for about a tenth of what was waited so far: meetings last microseconds or minutes.
class Backoff {
 public:
  void Pause() {
    absl::SleepFor(pause_);
    pause_ = std::min(pause_ * 1.1, absl::Milliseconds(20));
  }

 private:
  absl::Duration pause_ = absl::Microseconds(20);
};

// Pieces of a flat tensor, none above a bucket.
std::vector<at::Tensor> Pieces(const at::Tensor& flat) {
  const int64_t size = kBucketBytes / static_cast<int64_t>(flat.element_size());
  std::vector<at::Tensor> out;
  for (int64_t begin = 0; begin < flat.numel(); begin += size) {
    out.push_back(flat.slice(0, begin, std::min(begin + size, flat.numel())));
  }
  return out;
}

}  // namespace

absl::StatusOr<std::unique_ptr<GlooGroup>> GlooGroup::Connect(const RankSettings& settings,
                                                              SharedStore& store,
                                                              Heartbeat& heartbeat,
                                                              std::string prefix,
                                                              const RankTimes& times) {
  ASSIGN_OR_RETURN(auto backend,
                   GlooBackend::Connect(settings, store, StrCat(prefix, "/gloo"), times.transfer));
  return std::unique_ptr<GlooGroup>(
      new GlooGroup(settings, store, heartbeat, std::move(prefix), times, std::move(backend)));
}

std::string GlooGroup::MeetingKey(uint64_t meeting) const {
  return StrCat(JobKey("meet"), "/", meeting);
}

std::string GlooGroup::JobKey(std::string_view what) const {
  return StrCat(prefix_, "/", what, "/", job_);
}

absl::Status GlooGroup::CheckGoesOn() {
  RETURN_IF_ERROR(heartbeat_.lost());
  if (settings_.rank == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto end, store_.Get(JobKey("end")));
  return end ? absl::CancelledError(StrCat("rank 0 ended the job: ", *end)) : absl::OkStatus();
}

absl::Status GlooGroup::Meet() {
  RETURN_IF_ERROR(heartbeat_.lost());
  const std::string key = MeetingKey(++meeting_);
  absl::StatusOr<int64_t> here = store_.Add(key, 1);
  Backoff backoff;
  absl::Time next_check = SteadyNow() + kEndPoll;
  while (here.ok() && *here < settings_.world_size) {
    backoff.Pause();
    if (SteadyNow() >= next_check) {
      // Whoever is counted goes into the exchange: the end of a job is seen by all or by none.
      const absl::Status goes_on = CheckGoesOn();
      here = store_.Add(key, 0);
      if (!goes_on.ok() && !(here.ok() && *here >= settings_.world_size)) return Named(goes_on);
      next_check = SteadyNow() + kEndPoll;
    } else {
      here = store_.Add(key, 0);
    }
  }
  RETURN_IF_ERROR(Named(here.status()));
  // Everybody has left the meeting before.
  return settings_.rank == 0 && meeting_ > 1 ? store_.Remove(MeetingKey(meeting_ - 1)).status()
                                             : absl::OkStatus();
}

// Gloo and the store say that a connection broke; the heartbeat finds out whose.
absl::Status GlooGroup::Named(const absl::Status& status) {
  if (!IsRankLost(status)) return status;
  const absl::Status why = heartbeat_.WaitForLost(status);
  heartbeat_.Lose(why);
  return why;
}

absl::Status GlooGroup::InBuckets(std::span<const at::Tensor> tensors,
                                  absl::Status (GlooBackend::*exchange)(const at::Tensor&)) {
  at::NoGradGuard no_grad;
  if (tensors.empty()) return absl::OkStatus();
  std::vector<at::Tensor> views;
  for (const at::Tensor& tensor : tensors) views.push_back(tensor.detach().view({-1}));
  const at::Tensor flat = views.size() == 1 ? views[0] : at::cat(views);
  RETURN_IF_ERROR(Meet());
  for (const at::Tensor& piece : Pieces(flat)) {
    RETURN_IF_ERROR(Named((*backend_.*exchange)(piece)));
  }
  int64_t begin = 0;
  for (at::Tensor& view : views) {
    if (views.size() > 1) view.copy_(flat.slice(0, begin, begin + view.numel()));
    begin += view.numel();
  }
  return absl::OkStatus();
}

absl::Status GlooGroup::AllReduceSum(std::span<const at::Tensor> tensors) {
  return InBuckets(tensors, &GlooBackend::AllReduceSum);
}

absl::Status GlooGroup::BroadcastTensors(std::span<const at::Tensor> tensors) {
  return InBuckets(tensors, &GlooBackend::Broadcast);
}

absl::StatusOr<std::string> GlooGroup::Broadcast(std::string bytes) {
  at::Tensor size = at::empty({1}, at::kLong);
  size.data_ptr<int64_t>()[0] = static_cast<int64_t>(bytes.size());
  RETURN_IF_ERROR(BroadcastTensors({{size}}));
  bytes.resize(static_cast<size_t>(size.data_ptr<int64_t>()[0]));
  if (bytes.empty()) return bytes;
  at::Tensor data = at::empty({static_cast<int64_t>(bytes.size())}, at::kByte);
  std::memcpy(data.data_ptr(), bytes.data(), bytes.size());
  RETURN_IF_ERROR(BroadcastTensors({{data}}));
  std::memcpy(bytes.data(), data.data_ptr(), bytes.size());
  return bytes;
}

absl::Status GlooGroup::BeginJob(uint64_t number, const std::string& description) {
  job_ = number;
  meeting_ = 0;
  return Named(store_.Set(JobKey("job"), description));
}

absl::StatusOr<std::string> GlooGroup::WaitForJob(uint64_t number) {
  job_ = number;
  meeting_ = 0;
  while (true) {
    RETURN_IF_ERROR(heartbeat_.lost());
    auto description = store_.Get(JobKey("job"));
    RETURN_IF_ERROR(Named(description.status()));
    if (*description) return **description;
    absl::SleepFor(kEndPoll);
  }
}

absl::Status GlooGroup::EndJob(std::string_view why) {
  return store_.Set(JobKey("end"), std::string(why));
}

absl::Status GlooGroup::WaitForEnd(absl::Duration patience) {
  const absl::Time deadline = SteadyNow() + patience;
  while (SteadyNow() < deadline) {
    const absl::Status goes_on = CheckGoesOn();
    if (absl::IsCancelled(goes_on)) return absl::OkStatus();
    RETURN_IF_ERROR(goes_on);
    absl::SleepFor(kEndPoll);
  }
  return absl::DeadlineExceededError("rank 0 has not ended the job");
}

}  // namespace tact

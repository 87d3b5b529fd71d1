#include "tests/fault/chaos/faults.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "common/base/strings.h"

namespace tact::chaos {
namespace {

namespace fs = std::filesystem;

// A stopping trainer ends its step and drains; on a busy machine that takes its time.
constexpr double kGraceSeconds = 40;

}  // namespace

Faults::Faults(testing::Fleet& fleet, Recorder& recorder, JobMaker& maker, uint64_t seed)
    : fleet_(fleet), recorder_(recorder), maker_(maker), rng_(seed) {}

const std::vector<Faults::Choice>& Faults::Choices() {
  static const std::vector<Choice> choices = {
      {"kill -9 policy", 12, &Faults::KillPolicy},
      {"kill -9 reward", 10, &Faults::KillReward},
      {"kill -9 trainer", 10, &Faults::KillTrainer},
      {"SIGTERM policy", 5, &Faults::TerminatePolicy},
      {"SIGTERM reward", 5, &Faults::TerminateReward},
      {"SIGTERM trainer", 8, &Faults::TerminateTrainer},
      {"SIGSTOP any", 12, &Faults::StopAny},
      {"slow connection", 8, &Faults::Slow},
      {"cut connection", 10, &Faults::Cut},
      {"silent connection", 8, &Faults::BlackHole},
      {"truncated checkpoint", 6, &Faults::Truncate},
      {"request sent twice", 6, &Faults::Duplicate},
      {"pause and resume", 5, &Faults::Pause},
      {"cancel", 2, &Faults::Cancel},
      {"watcher leaves", 6, &Faults::Disconnect},
  };
  return choices;
}

const Faults::Choice& Faults::Draw() {
  int sum = 0;
  for (const Choice& choice : Choices()) sum += choice.weight;
  int at = static_cast<int>(rng_.Below(static_cast<uint64_t>(sum)));
  for (const Choice& choice : Choices()) {
    at -= choice.weight;
    if (at < 0) return choice;
  }
  return Choices().back();
}

void Faults::Inject() {
  for (int tries = 0; tries < 50; ++tries) {
    const Choice& choice = Draw();
    if (!(this->*choice.make)()) continue;
    ++count_;
    ++counts_[choice.name];
    return;
  }
}

void Faults::Break(testing::Service* service, double seconds, std::function<bool()> mend) {
  broken_[service] = {watch_.Seconds() + seconds, std::move(mend)};
}

void Faults::Mend() {
  std::erase_if(broken_, [&](const auto& item) {
    return watch_.Seconds() >= item.second.until && item.second.mend();
  });
}

void Faults::MendAll() {
  for (auto& [service, broken] : broken_) broken.until = 0;
  testing::WaitFor(
      [this] {
        Mend();
        return broken_.empty();
      },
      2 * kGraceSeconds);
}

bool Faults::Start(testing::Service* service) {
  if (service == &fleet_.trainer()) recorder_.Add([](History& h) { ++h.trainer_starts; });
  if (!service->Start()) {
    recorder_.Violation(StrCat(service->name(), " does not start: ", service->Log()));
  }
  return true;
}

testing::Service* Faults::AnyPolicy() { return &fleet_.policy(rng_.Below(2)); }
testing::Service* Faults::AnyReward() { return &fleet_.reward(rng_.Below(2)); }

bool Faults::Kill(testing::Service* service) {
  if (IsBroken(service)) return false;
  service->Kill();
  Break(service, 0.5 * rng_.Uniform(), [=, this] { return Start(service); });
  return true;
}

bool Faults::Terminate(testing::Service* service) {
  if (IsBroken(service)) return false;
  service->Signal(SIGTERM);
  const double limit = watch_.Seconds() + kGraceSeconds;
  Break(service, 0, [=, this] {
    const std::optional<int> code = service->Wait(0);
    if (!code && watch_.Seconds() < limit) return false;
    if (!code) recorder_.Violation(StrCat(service->name(), " did not end after SIGTERM"));
    if (code && *code != 0) {
      recorder_.Violation(
          StrCat(service->name(), " ended with ", *code, " after SIGTERM: ", service->Log()));
    }
    service->Kill();
    return Start(service);
  });
  return true;
}

bool Faults::StopAny() {
  const std::vector<testing::Service*> all = fleet_.services();
  testing::Service* service = all[rng_.Below(all.size())];
  if (IsBroken(service)) return false;
  service->Signal(SIGSTOP);
  Break(service, 0.2 + 4 * rng_.Uniform(), [service] {
    service->Signal(SIGCONT);
    return true;
  });
  return true;
}

// Of a policy or a reward: nobody reaches the trainer through its proxy.
bool Faults::Wire(testing::Wire wire, double most_seconds) {
  testing::Service* service = rng_.Below(2) == 0 ? AnyPolicy() : AnyReward();
  if (IsBroken(service)) return false;
  service->proxy().Set(wire);
  Break(service, 0.2 + most_seconds * rng_.Uniform(), [service] {
    service->proxy().Set(testing::Wire::kPass);
    return true;
  });
  return true;
}

fs::path Faults::NewestCheckpointWithAnother() {
  std::error_code ignored;
  for (const auto& job : fs::directory_iterator(fleet_.data_dir() / "checkpoints", ignored)) {
    std::vector<fs::path> steps;
    for (const auto& step : fs::directory_iterator(job.path(), ignored)) {
      if (fs::exists(step.path() / "tensors.safetensors")) steps.push_back(step.path());
    }
    if (steps.size() < 2) continue;
    std::sort(steps.begin(), steps.end());
    const auto is_damaged = [&](const fs::path& step) {
      const auto found = truncated_.find(step);
      return found != truncated_.end() &&
             fs::last_write_time(step / "tensors.safetensors", ignored) == found->second;
    };
    if (std::none_of(steps.begin(), steps.end(), is_damaged)) return steps.back();
  }
  return {};
}

bool Faults::Truncate() {
  testing::Service* trainer = &fleet_.trainer();
  if (IsBroken(trainer)) return false;
  if (NewestCheckpointWithAnother().empty()) return false;
  trainer->Kill();
  Break(trainer, 0, [=, this] { return Start(trainer); });
  const fs::path step = NewestCheckpointWithAnother();
  if (step.empty()) return true;
  const fs::path file = step / "tensors.safetensors";
  std::error_code ignored;
  fs::resize_file(file, fs::file_size(file, ignored) / 2, ignored);
  truncated_[step] = fs::last_write_time(file, ignored);
  return true;
}

bool Faults::Duplicate() {
  maker_.Duplicate();
  return true;
}

bool Faults::Pause() {
  maker_.Pause();
  return true;
}

bool Faults::Cancel() {
  maker_.Cancel();
  return true;
}

bool Faults::Disconnect() {
  maker_.Disconnect();
  return true;
}

}  // namespace tact::chaos

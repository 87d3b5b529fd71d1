#include "common/rpc/poller.h"

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace tact {
namespace {

class Poller {
 public:
  void Add(std::function<void()> work) {
    absl::MutexLock lock(&mutex_);
    if (work_.empty()) std::thread([this] { Loop(); }).detach();
    work_.push_back(std::move(work));
  }

 private:
  void Loop() {
    while (true) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      for (const auto& work : Copy()) work();
    }
  }

  std::vector<std::function<void()>> Copy() {
    absl::MutexLock lock(&mutex_);
    return work_;
  }

  absl::Mutex mutex_;
  std::vector<std::function<void()>> work_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void EverySecond(std::function<void()> work) {
  static Poller& poller = *new Poller();
  poller.Add(std::move(work));
}

}  // namespace tact

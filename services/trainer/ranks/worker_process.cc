#include "services/trainer/ranks/worker_process.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <thread>

#include "absl/strings/numbers.h"
#include "common/base/build_info.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/http_endpoint.h"
#include "common/rpc/server.h"

namespace tact {
namespace {

absl::StatusOr<std::unique_ptr<HttpEndpoint>> StartHttp(const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port)) {
    return FieldError("--http-address", address, "not an address",
                      "write host:port, e.g. 127.0.0.1:7103");
  }
  return HttpEndpoint::Start(address.substr(0, colon), port);
}

// A step may compute for minutes, and nothing of a worker is worth waiting for.
void EndAtOnce(const absl::Status& why) {
  const bool farewell = absl::IsCancelled(why);
  if (!farewell) std::cerr << "tact-trainer: " << ToStd(why.message()) << std::endl;
  std::_Exit(farewell ? 0 : 1);
}

class WorkerProcess {
 public:
  WorkerProcess(const RankSettings& settings, const std::filesystem::path& data_dir,
                const FollowingRecipe& recipe, HttpEndpoint& http)
      : settings_(settings), data_dir_(data_dir), recipe_(recipe), http_(http) {}

  absl::Status Train() {
    const auto check = [this] {
      return stopping_ ? absl::AbortedError("stopped by a signal") : absl::OkStatus();
    };
    ASSIGN_OR_RETURN(worker_, RankWorker::Join(settings_, {}, check, EndAtOnce));
    http_.SetReady(true);
    joined_ = true;
    return FollowJobs(*worker_, data_dir_, recipe_);
  }

  // On SIGTERM: the others need not wait for the silence to know.
  void Stop() {
    stopping_ = true;
    if (!joined_) return;
    LogInfo("stopped by a signal");
    worker_->Tell("it was stopped by a signal");
    std::_Exit(0);
  }

 private:
  const RankSettings& settings_;
  const std::filesystem::path& data_dir_;
  const FollowingRecipe& recipe_;
  HttpEndpoint& http_;
  std::unique_ptr<RankWorker> worker_;
  std::atomic<bool> stopping_ = false, joined_ = false;
};

}  // namespace

absl::StatusOr<int> RunWorkerProcess(const RankSettings& settings, const std::string& http_address,
                                     const std::filesystem::path& data_dir,
                                     const FollowingRecipe& recipe) {
  ASSIGN_OR_RETURN(const auto http, StartHttp(http_address));
  ExportBuildInfo("tact-trainer");
  WorkerProcess process(settings, data_dir, recipe, *http);
  absl::Status status;
  std::atomic<bool> ended = false;
  std::thread trainer([&] {
    status = process.Train();
    ended = true;
    kill(getpid(), SIGTERM);  // wakes the wait below
  });
  WaitForStopSignal();
  if (!ended) process.Stop();
  trainer.join();
  if (status.ok() || absl::IsAborted(status)) return 0;
  return status;
}

}  // namespace tact

// Policy replicas restarted one after another by SIGTERM while clients ask both: no call fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <mutex>
#include <thread>

#include "common/rpc/channel.h"
#include "tests/fault/fleet.h"

namespace tact::testing {
namespace {

using ::testing::IsEmpty;

// Threads that ask without a pause, as long as the object lives.
class Crowd {
 public:
  Crowd(const std::string& address, int threads)
      : stub_(v1::PolicyService::NewStub(
            MakeChannel(address, {.health_service = "tact.v1.PolicyService"}))) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Ask(); });
  }
  ~Crowd() { Stop(); }

  void Stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  int answered() const { return answered_; }
  std::vector<std::string> errors() const {
    const std::lock_guard lock(mutex_);
    return errors_;
  }

 private:
  void Ask() {
    v1::GenerateRequest request;
    request.add_prompts("Ann: Hello, Ben.");
    request.mutable_sampling()->set_max_new_tokens(24);
    request.mutable_sampling()->set_min_new_tokens(24);
    while (!stopping_) {
      grpc::ClientContext context;
      SetDeadline(context, 60);
      v1::GenerateResponse response;
      const grpc::Status status = stub_->Generate(&context, request, &response);
      if (status.ok()) {
        ++answered_;
        continue;
      }
      const std::lock_guard lock(mutex_);
      errors_.push_back(std::to_string(status.error_code()) + " " + status.error_message());
    }
  }

  const std::unique_ptr<v1::PolicyService::Stub> stub_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> answered_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> errors_;
  std::vector<std::thread> threads_;
};

TEST(RollingRestartTest, NoCallFailsWhileReplicasAreReplaced) {
  const TempFolder folder;
  const std::string model = (SourceDir() / "models/policy").string();
  Service first("first", {Binary("tact-policy"), "--model", model}, folder.path());
  Service second("second", {Binary("tact-policy"), "--model", model}, folder.path());
  ASSERT_TRUE(first.Start() && second.Start()) << first.Log() << second.Log();
  Crowd crowd("ipv4:" + first.address() + "," + second.address(), 6);
  for (int round = 0; round < 3; ++round) {
    for (Service* replica : {&first, &second}) {
      const int before = crowd.answered();
      EXPECT_TRUE(WaitFor([&] { return crowd.answered() > before + 20; }));
      replica->Signal(SIGTERM);
      EXPECT_EQ(replica->Wait(30), 0) << replica->Log();
      ASSERT_TRUE(replica->Start()) << replica->Log();
      // As minReadySeconds of a Deployment: clients have found it again before the next one goes.
      std::this_thread::sleep_for(std::chrono::seconds(3));
    }
  }
  crowd.Stop();
  EXPECT_THAT(crowd.errors(), IsEmpty());
}

}  // namespace
}  // namespace tact::testing

#include "common/rpc/health_monitor.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <functional>

#include "common/base/clock.h"
#include "common/base/metrics.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

// Generous: nothing here depends on how fast a machine is.
bool Eventually(const std::function<bool()>& holds) {
  const Stopwatch watch;
  while (watch.Seconds() < 60) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

class HealthMonitorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = Server::Start({}, {}, {"tact.v1.PolicyService"}).value();
    server_->SetReady(true);
  }
  int Status(const char* path) {
    const auto answer = httplib::Client("127.0.0.1", server_->http_port()).Get(path);
    body_ = answer ? answer->body : "";
    return answer ? answer->status : 0;
  }
  std::unique_ptr<Server> server_;
  Heartbeat heart_;
  std::string body_;
};

TEST_F(HealthMonitorTest, StuckIsNotReadyAndAStepMendsIt) {
  const HealthMonitor monitor(*server_, {.stuck_seconds = 0.1, .restart_seconds = 3600},
                              "the engine", [this] { return heart_.pulse(); });
  EXPECT_EQ(Status("/readyz"), 200);
  heart_.BeginStep();
  ASSERT_TRUE(Eventually([&] { return Status("/readyz") == 503; }));
  EXPECT_THAT(body_, HasSubstr("not ready: the engine is stuck"));
  EXPECT_EQ(Status("/healthz"), 200);
  EXPECT_THAT(MetricsText(), HasSubstr("tact_ready 0"));
  heart_.EndStep();
  ASSERT_TRUE(Eventually([&] { return Status("/readyz") == 200; }));
  EXPECT_THAT(MetricsText(), HasSubstr("tact_ready 1"));
}

TEST_F(HealthMonitorTest, StuckForLongFailsLiveness) {
  const HealthMonitor monitor(*server_, {.stuck_seconds = 0.05, .restart_seconds = 0.2},
                              "the engine", [this] { return heart_.pulse(); });
  heart_.BeginStep();
  ASSERT_TRUE(Eventually([&] { return Status("/healthz") == 503; }));
  EXPECT_EQ(Status("/readyz"), 503);
  heart_.EndStep();
  ASSERT_TRUE(Eventually([&] { return Status("/healthz") == 200; }));
}

TEST_F(HealthMonitorTest, AServerThatDrainsStaysNotReady) {
  const HealthMonitor monitor(*server_, {.stuck_seconds = 0.05, .restart_seconds = 3600},
                              "the engine", [this] { return heart_.pulse(); });
  heart_.BeginStep();
  ASSERT_TRUE(Eventually([&] { return Status("/readyz") == 503; }));
  server_->Shutdown();
  heart_.EndStep();
  ASSERT_TRUE(Eventually([&] { return Status("/readyz"), body_ == "not ready: stopping\n"; }));
}

TEST(ConditionTest, TellsLoadingServingTroubleAndStopping) {
  Condition condition;
  EXPECT_EQ(condition.Ask().text, "not ready: loading");
  condition.SetServing(true);
  EXPECT_TRUE(condition.Ask().ready);
  condition.SetTrouble("stuck", false);
  EXPECT_FALSE(condition.Ask().ready);
  EXPECT_TRUE(condition.Ask().alive);
  condition.SetTrouble("stuck", true);
  EXPECT_FALSE(condition.Ask().alive);
  condition.SetTrouble("", true);
  EXPECT_TRUE(condition.Ask().ready);
  EXPECT_TRUE(condition.Ask().alive);
  condition.SetServing(false);
  EXPECT_EQ(condition.Ask().text, "not ready: stopping");
}

}  // namespace
}  // namespace tact

// A real cluster for tests: the four services, started by tactctl up on free ports with the models
// of this repository, in a folder that goes with it.
#ifndef TACT_TESTS_INTEGRATION_CLUSTER_H_
#define TACT_TESTS_INTEGRATION_CLUSTER_H_

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "services/tactctl/testing/subprocess.h"

namespace tact::testing {

class TestCluster {
 public:
  // Starts it; Started() tells whether all serve.
  TestCluster();

  bool Started() const { return started_; }
  // Waits for its orderly end; true if tactctl up returned 0.
  bool Stop();
  // kill -9 of tactctl up, then of the services, as a machine that loses power.
  void KillAll();
  // tactctl up again on the same data, on new ports.
  bool StartAgain();

  // tactctl with these arguments against this cluster.
  Finished Tactctl(std::vector<std::string> arguments, double seconds = 240) const;
  // Its standard output as JSON; discarded ("is_discarded") where the command failed.
  nlohmann::json Json(std::vector<std::string> arguments) const;
  nlohmann::json Job(const std::string& id) const;

  // Of "policy", "reward", "trainer" or "evaluation".
  pid_t PidOf(const std::string& name) const;
  std::string AddressOf(const std::string& name) const;
  void Kill(const std::string& name, int signal) const;
  // True once every service is healthy.
  bool WaitUntilServing(double seconds = 60) const;
  // What tactctl up and the services have logged, for messages of failed tests.
  std::string Logs() const;

  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path data_dir() const { return folder_.path() / "data"; }
  // The first `lines` of a file of datasets/, as a file of this cluster's folder.
  std::string Head(const std::string& dataset, size_t lines) const;
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  TempFolder folder_;
  std::unique_ptr<Background> up_;
  bool started_ = false;
};

// The state of a job, "JOB_STATE_SUCCEEDED" ..., of Job's JSON.
std::string StateOf(const nlohmann::json& job);
// A 64-bit number, which protobuf's JSON writes as text.
uint64_t Number64(const nlohmann::json& value);

}  // namespace tact::testing

#endif  // TACT_TESTS_INTEGRATION_CLUSTER_H_

// Replicas of the real services, started one by one, each behind a proxy of its own: what fault
// tests and the chaos run break and mend.
#ifndef TACT_TESTS_FAULT_FLEET_H_
#define TACT_TESTS_FAULT_FLEET_H_

#include <grpcpp/channel.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/tactctl/testing/subprocess.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tact/v1/trainer.grpc.pb.h"
#include "tests/fault/proxy.h"

namespace tact::testing {

// One service process that may be killed and started again; the proxy's address stays.
class Service {
 public:
  // `command` without its addresses. Logs lie in `folder`.
  Service(std::string name, std::vector<std::string> command, std::filesystem::path folder);

  // Waits until it listens; false where it does not within `seconds`.
  bool Start(double seconds = 60);
  // Kill, and wait for its end.
  void Kill();
  void Signal(int signal) const;
  // Exit code once it has ended.
  std::optional<int> Wait(double seconds);
  bool Runs();

  const std::string& name() const { return name_; }
  TcpProxy& proxy() { return proxy_; }
  std::string address() const { return proxy_.address(); }  // through the proxy
  std::string direct() const;                               // of the process; changes
  std::string http() const;
  pid_t pid() const { return process_->pid(); }
  int life() const { return life_; }  // starts so far
  std::string Log() const;
  std::shared_ptr<grpc::Channel> DirectChannel() const;
  // From now on no file of the process grows beyond this: writes fail as on a full disk (EFBIG).
  void LimitFiles(uint64_t bytes) const;

 private:
  std::filesystem::path File(const std::string& kind) const;

  const std::string name_;
  const std::vector<std::string> command_;
  const std::filesystem::path folder_;
  TcpProxy proxy_;
  std::unique_ptr<Background> process_;
  std::atomic<int> port_ = 0, http_port_ = 0, life_ = 0;
};

struct FleetOptions {
  int policies = 2, rewards = 2;
  std::vector<std::string> reward_addresses = {};  // instead of started ones
  std::vector<std::string> trainer_arguments = {};
  std::filesystem::path models_root = {};  // the trainer's, instead of models/
};

// Policies, rewards and one trainer with the models of this repository.
class Fleet {
 public:
  explicit Fleet(const FleetOptions& options = {});

  bool Start();  // all of them
  Service& policy(size_t i) { return *policies_[i]; }
  Service& reward(size_t i) { return *rewards_[i]; }
  Service& trainer() { return *trainer_; }
  std::vector<Service*> services();
  std::filesystem::path data_dir() const { return folder_.path() / "data"; }
  const std::filesystem::path& folder() const { return folder_.path(); }

  std::unique_ptr<v1::TrainerService::Stub> Trainer() const;
  // The id of the first lines of a file of datasets/; "" where the trainer did not take it.
  std::string Upload(const std::string& file, v1::DatasetKind kind, size_t lines);
  // Of a small data set of dialogues.
  std::string UploadDialogues(size_t lines);
  // A small PPO job on it.
  static v1::JobSpec PpoSpec(const std::string& dataset, uint32_t steps);
  // Nothing but defaults ("") where the trainer does not answer.
  v1::Job Create(const v1::JobSpec& spec, const std::string& request_id = "");
  v1::Job Get(const std::string& id);
  std::vector<v1::WatchJobResponse> Events(const std::string& id, double seconds = 10);
  bool WaitForState(const std::string& id, v1::JobState state, double seconds = 120);
  bool WaitForStep(const std::string& id, uint32_t step, double seconds = 120);
  // The served version of a model, asked of the process itself; 0 where it has none.
  uint64_t VersionOf(size_t policy, const std::string& model);
  std::string Logs();

 private:
  TempFolder folder_;
  std::vector<std::unique_ptr<Service>> policies_, rewards_;
  std::unique_ptr<Service> trainer_;
};

}  // namespace tact::testing

#endif  // TACT_TESTS_FAULT_FLEET_H_

#include "tests/fault/fleet.h"

#include <grpcpp/create_channel.h>
#include <signal.h>
#include <sys/resource.h>

#include <fstream>
#include <regex>

#include "common/base/sha256.h"
#include "common/rpc/channel.h"

namespace tact::testing {
namespace {

constexpr int kListening = 1, kHttp = 2;

std::vector<std::string> With(std::vector<std::string> command,
                              const std::vector<std::string>& more) {
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

}  // namespace

Service::Service(std::string name, std::vector<std::string> command, std::filesystem::path folder)
    : name_(std::move(name)), command_(std::move(command)), folder_(std::move(folder)) {}

std::filesystem::path Service::File(const std::string& kind) const {
  return folder_ / (name_ + "." + std::to_string(life_) + "." + kind);
}

bool Service::Start(double seconds) {
  ++life_;
  // A write beyond LimitFiles is to fail, not to kill; what is ignored stays so over exec.
  signal(SIGXFSZ, SIG_IGN);
  process_ = std::make_unique<Background>(
      With(command_,
           {"--address", "127.0.0.1:0", "--http-address", "127.0.0.1:0", "--threads", "1"}),
      File("out"), File("err"));
  const std::regex listening("listening on port (\\d+), http on port (\\d+)");
  std::smatch match;
  std::string out;
  const bool found = WaitFor(
      [&] {
        out = process_->out();
        return std::regex_search(out, match, listening) || process_->Wait(0);
      },
      seconds);
  if (!found || match.empty()) return false;
  port_ = std::stoi(match[kListening]);
  http_port_ = std::stoi(match[kHttp]);
  proxy_.SetTarget(port_);
  return true;
}

void Service::Signal(int signal) const {
  if (process_) process_->Signal(signal);
}

std::optional<int> Service::Wait(double seconds) {
  return process_ ? process_->Wait(seconds) : std::nullopt;
}

bool Service::Runs() { return process_ != nullptr && !process_->Wait(0); }

void Service::Kill() {
  Signal(SIGKILL);
  Wait(10);
}

void Service::LimitFiles(uint64_t bytes) const {
  const rlimit limit{bytes, RLIM_INFINITY};
  prlimit(process_->pid(), RLIMIT_FSIZE, &limit, nullptr);
}

std::string Service::direct() const { return "127.0.0.1:" + std::to_string(port_); }
std::string Service::http() const { return "127.0.0.1:" + std::to_string(http_port_); }

std::string Service::Log() const { return ReadAll(File("out")) + ReadAll(File("err")); }

std::shared_ptr<grpc::Channel> Service::DirectChannel() const {
  return grpc::CreateChannel(direct(), grpc::InsecureChannelCredentials());
}

Fleet::Fleet(const FleetOptions& options) {
  const std::string models = (SourceDir() / "models").string();
  std::vector<std::string> trainer = {
      Binary("tact-trainer"), "--models-root",
      options.models_root.empty() ? models : options.models_root.string(), "--data-dir",
      data_dir().string()};
  for (int i = 0; i < options.policies; ++i) {
    policies_.push_back(std::make_unique<Service>(
        "policy" + std::to_string(i),
        std::vector<std::string>{Binary("tact-policy"), "--model", models + "/policy"}, folder()));
    trainer = With(trainer, {"--policy", policies_.back()->address()});
  }
  const int started = options.reward_addresses.empty() ? options.rewards : 0;
  for (int i = 0; i < started; ++i) {
    rewards_.push_back(std::make_unique<Service>(
        "reward" + std::to_string(i),
        std::vector<std::string>{Binary("tact-reward"), "--model", models + "/reward"}, folder()));
    trainer = With(trainer, {"--reward", rewards_.back()->address()});
  }
  for (const std::string& address : options.reward_addresses) {
    trainer = With(trainer, {"--reward", address});
  }
  trainer_ =
      std::make_unique<Service>("trainer", With(trainer, options.trainer_arguments), folder());
}

std::vector<Service*> Fleet::services() {
  std::vector<Service*> all;
  for (const auto& service : policies_) all.push_back(service.get());
  for (const auto& service : rewards_) all.push_back(service.get());
  all.push_back(trainer_.get());
  return all;
}

bool Fleet::Start() {
  bool ok = true;
  for (Service* service : services()) ok = service->Start() && ok;
  return ok;
}

std::unique_ptr<v1::TrainerService::Stub> Fleet::Trainer() const {
  return v1::TrainerService::NewStub(trainer_->DirectChannel());
}

std::string Fleet::UploadDialogues(size_t lines) {
  return Upload("sft_train.jsonl", v1::DATASET_KIND_DIALOGUES, lines);
}

std::string Fleet::Upload(const std::string& file, v1::DatasetKind kind, size_t lines) {
  std::ifstream in(SourceDir() / "datasets" / file);
  std::string line, text;
  for (size_t i = 0; i < lines && std::getline(in, line); ++i) text += line + "\n";
  grpc::ClientContext context;
  SetDeadline(context, 30);
  v1::UploadDatasetResponse response;
  const auto writer = Trainer()->UploadDataset(&context, &response);
  v1::UploadDatasetRequest request;
  request.mutable_header()->set_filename(file);
  request.mutable_header()->set_kind(kind);
  request.mutable_header()->set_sha256(Sha256Hex(text));
  request.mutable_header()->set_total_bytes(text.size());
  writer->Write(request);
  request.set_chunk(text);
  writer->Write(request);
  writer->WritesDone();
  writer->Finish();
  return response.dataset_id();
}

v1::JobSpec Fleet::PpoSpec(const std::string& dataset, uint32_t steps) {
  v1::JobSpec spec;
  spec.set_kind(v1::JOB_KIND_PPO);
  spec.set_base_model("policy");
  spec.set_dataset_id(dataset);
  spec.set_publish_as("tuned");
  spec.set_checkpoint_steps(1);
  spec.mutable_ppo()->set_steps(steps);
  spec.mutable_ppo()->set_batch_size(4);
  spec.mutable_ppo()->set_mini_batch_size(2);
  spec.mutable_ppo()->mutable_sampling()->set_max_new_tokens(8);
  spec.mutable_ppo()->mutable_sampling()->set_min_new_tokens(4);
  spec.mutable_ppo()->mutable_guards()->set_min_length_ratio(0);
  return spec;
}

v1::Job Fleet::Create(const v1::JobSpec& spec, const std::string& request_id) {
  grpc::ClientContext context;
  SetDeadline(context, 10);
  v1::CreateJobRequest request;
  request.set_request_id(request_id);
  *request.mutable_spec() = spec;
  v1::CreateJobResponse response;
  return Trainer()->CreateJob(&context, request, &response).ok() ? response.job() : v1::Job();
}

v1::Job Fleet::Get(const std::string& id) {
  grpc::ClientContext context;
  SetDeadline(context, 5);
  v1::GetJobRequest request;
  request.set_id(id);
  v1::GetJobResponse response;
  return Trainer()->GetJob(&context, request, &response).ok() ? response.job() : v1::Job();
}

std::vector<v1::WatchJobResponse> Fleet::Events(const std::string& id, double seconds) {
  grpc::ClientContext context;
  SetDeadline(context, seconds);
  v1::WatchJobRequest request;
  request.set_id(id);
  std::vector<v1::WatchJobResponse> events;
  v1::WatchJobResponse event;
  const auto stub = Trainer();
  const auto reader = stub->WatchJob(&context, request);
  while (reader->Read(&event)) events.push_back(event);
  reader->Finish();
  return events;
}

bool Fleet::WaitForState(const std::string& id, v1::JobState state, double seconds) {
  return WaitFor([&] { return Get(id).state() == state; }, seconds);
}

bool Fleet::WaitForStep(const std::string& id, uint32_t step, double seconds) {
  return WaitFor([&] { return Get(id).step() >= step; }, seconds);
}

uint64_t Fleet::VersionOf(size_t policy, const std::string& model) {
  grpc::ClientContext context;
  SetDeadline(context, 5);
  v1::GetModelRequest request;
  request.set_model(model);
  v1::GetModelResponse response;
  const auto stub = v1::PolicyService::NewStub(policies_[policy]->DirectChannel());
  const bool ok = stub->GetModel(&context, request, &response).ok() && response.models_size() > 0;
  return ok ? response.models(0).weight_version() : 0;
}

std::string Fleet::Logs() {
  std::string text;
  for (Service* service : services()) text += "== " + service->name() + "\n" + service->Log();
  return text;
}

}  // namespace tact::testing

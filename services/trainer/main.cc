// tact-trainer: the training service.
#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "common/base/status.h"
#include "common/kernels/threads.h"
#include "common/model/torch_io.h"
#include "common/rpc/address.h"
#include "common/rpc/server.h"
#include "services/trainer/checkpoint/atomic_folder.h"
#include "services/trainer/classifier/reward_job.h"
#include "services/trainer/clients/reward_clients.h"
#include "services/trainer/grace_period.h"
#include "services/trainer/page/live_view.h"
#include "services/trainer/plan/memory_guard.h"
#include "services/trainer/ppo/ppo_job.h"
#include "services/trainer/ppo/ppo_metrics.h"
#include "services/trainer/ranks/rank_settings.h"
#include "services/trainer/ranks/ranked_jobs.h"
#include "services/trainer/ranks/worker_process.h"
#include "services/trainer/sft/sft_job.h"
#include "services/trainer/start_facts.h"
#include "services/trainer/trainer_service.h"
#include "services/trainer/weights/publisher.h"

namespace tact {
namespace {

struct TrainerOptions {
  ServerOptions server;
  std::string models_root = "models";
  std::string data_dir = "trainer-data";
  std::vector<std::string> policies, rewards;
  int threads = 0;
  uint64_t max_dataset_mb = 1024;
  uint64_t memory_limit_mb = 0;
  bool log_text = false;
  RankSettings ranks;  // from the environment
};

void AddFlags(CLI::App& app, TrainerOptions& options) {
  AddServerFlags(app, options.server, 7003, 7103);
  AddPeerTlsFlag(app, options.server.tls);
  app.add_option("--models-root", options.models_root, "folder with the base models")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_option("--data-dir", options.data_dir, "jobs, data sets, checkpoints and results")
      ->capture_default_str();
  app.add_option("--policy", options.policies, "address of a policy replica; may be repeated");
  app.add_option("--reward", options.rewards, "address of a reward replica; may be repeated");
  app.add_option("--threads", options.threads, "compute threads; 0 takes the CPUs there are")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--max-dataset-mb", options.max_dataset_mb, "largest upload in MiB")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--memory-limit-mb", options.memory_limit_mb,
                 "MiB that the trainer may occupy: a job that needs more is paused; 0 takes what "
                 "the machine or its container has")
      ->capture_default_str();
  app.add_flag("--log-text", options.log_text,
               "keep a few prompts and responses of ppo jobs, and show them on the web page");
}

absl::Status RunJob(JobContext& context, const JobEnvironment& environment) {
  switch (context.spec().kind()) {
    case v1::JOB_KIND_REWARD:
      return RunRewardJob(context, environment);
    case v1::JOB_KIND_PPO:
      return RunPpoJob(context, environment);
    default:
      return RunSftJob(context, environment);
  }
}

bool IsBusy(const JobStore& store) {
  const auto jobs = store.Unfinished();
  return !jobs.ok() || !jobs->empty();
}

// The page has no password: prompts and responses are for this machine alone.
absl::Status CheckLiveView(const TrainerOptions& options) {
  const std::string& address = options.server.http_address;
  ASSIGN_OR_RETURN(const HostPort http, ParseAddress("--http-address", address));
  if (!options.log_text || options.server.insecure || IsLoopback(http.host)) {
    return absl::OkStatus();
  }
  return FieldError("--http-address", address,
                    "with --log-text the page would show prompts and responses to the network",
                    "listen on 127.0.0.1, leave out --log-text, or pass --insecure");
}

// Ranks meet with the certificates that the service has.
absl::Status AddRankCredentials(TrainerOptions& options) {
  if (options.ranks.alone() || !options.server.tls.enabled()) return absl::OkStatus();
  if (options.ranks.rank == 0) {
    ASSIGN_OR_RETURN(options.ranks.store_credentials, MakeGuardedCredentials(options.server));
  }
  ASSIGN_OR_RETURN(options.ranks.peer_credentials, MakePeerCredentials(options.server.tls));
  return absl::OkStatus();
}

absl::StatusOr<int> Serve(const TrainerOptions& options, int threads) {
  RETURN_IF_ERROR(CheckLiveView(options));
  InitialisePpoMetrics();
  RETURN_IF_ERROR(MakeFolder(options.data_dir));
  const std::filesystem::path data_dir = std::filesystem::canonical(options.data_dir);
  std::unique_ptr<RankHost> host;
  if (!options.ranks.alone()) {
    ASSIGN_OR_RETURN(host, RankHost::Start(options.ranks));
  }
  ASSIGN_OR_RETURN(const auto store, JobStore::Open(data_dir / "jobs.db"));
  const DatasetStore datasets(data_dir / "datasets", options.max_dataset_mb << 20);

  ASSIGN_OR_RETURN(const ClientCredentials credentials, MakePeerCredentials(options.server.tls));
  std::optional<Publisher> publisher;
  if (!options.policies.empty()) {
    publisher.emplace(*store, data_dir, options.policies, credentials);
    RETURN_IF_ERROR(publisher->Start());
  }
  std::optional<RewardClients> reward;
  if (!options.rewards.empty()) reward.emplace(options.rewards, RewardSettings(), credentials);

  JobEnvironment environment;
  environment.folders = {options.models_root, data_dir};
  environment.datasets = &datasets;
  environment.find_job = [&](std::string_view id) { return store->Get(id); };
  environment.publisher = publisher ? &*publisher : nullptr;
  environment.reward = reward ? &*reward : nullptr;

  JobRunner runner(
      *store, data_dir,
      [&](JobContext& context) -> absl::Status {
        RETURN_IF_ERROR(CheckMemory(context.spec(), environment, options.memory_limit_mb << 20));
        const auto recipe = [&](JobContext& inner) { return RunJob(inner, environment); };
        return host != nullptr ? RunOnRanks(context, *host, environment.find_job, recipe)
                               : recipe(context);
      },
      [threads] { UseComputeThreads(threads); });
  const ModelExporter exporter(environment.folders, environment.find_job);
  JobPlanner planner(
      environment, MakeSpecEnvironment(environment), [&] { return IsBusy(*store); },
      [threads] { UseComputeThreads(threads); });
  TrainerService service(*store, runner, datasets, exporter, planner,
                         MakeSpecEnvironment(environment));
  const SampleLog samples(data_dir / "samples");
  ServerOptions server_options = options.server;
  server_options.http_routes = LiveViewRoutes(*store, options.log_text ? &samples : nullptr);
  if (options.log_text) {
    runner.KeepSamples([&](const v1::Job& job, uint32_t step, const auto& kept) {
      return samples.Add(job.id(), step, kept);
    });
  }
  ASSIGN_OR_RETURN(const auto server, Server::Start(server_options, {&service},
                                                    {v1::TrainerService::service_full_name()}));
  runner.Start();
  return ServeUntilStopped(*server, "tact-trainer", [&] {
    const GracePeriod grace(options.server.drain_seconds);
    runner.Stop();
    service.EndWatches();
  });
}

// A rank above 0: trains what rank 0 says, and serves HTTP alone.
absl::StatusOr<int> Work(const TrainerOptions& options, int threads) {
  const std::filesystem::path data_dir = std::filesystem::absolute(options.data_dir);
  const DatasetStore datasets(data_dir / "datasets", options.max_dataset_mb << 20);
  return RunWorkerProcess(options.ranks, options.server.http_address, data_dir,
                          [&](JobContext& context, const FindJob& find_job) {
                            UseComputeThreads(threads);
                            JobEnvironment environment;
                            environment.folders = {options.models_root, data_dir};
                            environment.datasets = &datasets;
                            environment.find_job = find_job;
                            return RunJob(context, environment);
                          });
}

int Main(int argc, char** argv) {
  EnsurePassiveWait(argv);
  BlockStopSignals();
  CLI::App app{"tact-trainer: durable jobs that fine-tune models and publish their weights"};
  TrainerOptions options;
  AddFlags(app, options);
  CLI11_PARSE(app, argc, argv);
  InitLogging("trainer");
  const int threads = ConfigureThreads(options.threads);
  ConfigureTorchThreads(threads);
  const absl::StatusOr<int> code = CatchExceptions("tact-trainer", [&]() -> absl::StatusOr<int> {
    ASSIGN_OR_RETURN(options.ranks, ParseRankSettings(ProcessEnvironment));
    RETURN_IF_ERROR(AddRankCredentials(options));
    return options.ranks.rank == 0 ? Serve(options, threads) : Work(options, threads);
  });
  return code.ok() ? *code : FailStart("tact-trainer", code.status());
}

}  // namespace
}  // namespace tact

int main(int argc, char** argv) { return tact::Main(argc, argv); }

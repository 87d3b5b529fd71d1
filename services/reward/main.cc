// tact-reward: serves a RoBERTa sequence classifier.
#include <CLI/CLI.hpp>

#include "common/base/log.h"
#include "common/kernels/dtype_flag.h"
#include "common/kernels/threads.h"
#include "common/rpc/health_monitor.h"
#include "common/rpc/server.h"
#include "services/reward/reward_engine.h"
#include "services/reward/reward_service.h"

namespace {

constexpr char kProgram[] = "tact-reward";

void AddRewardFlags(CLI::App& app, tact::RewardOptions& options) {
  app.add_option("--model", options.model, "Hugging Face folder of the classifier")->required();
  tact::AddDtypeFlag(app, options.weight_type);
  app.add_option("--threads", options.threads, "compute threads [all CPUs]")
      ->check(CLI::Range(0, 1024));
  app.add_option("--max-batch-tokens", options.batching.max_batch_tokens, "tokens of one run")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--max-queue", options.batching.max_queue, "texts that may wait")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  tact::AddStallFlags(app, options.stall);
}

}  // namespace

int main(int argc, char** argv) {
  tact::EnsurePassiveWait(argv);
  tact::BlockStopSignals();
  CLI::App app("Scores texts with a sequence classifier, over gRPC", kProgram);
  tact::RewardOptions options;
  tact::ServerOptions server_options;
  AddRewardFlags(app, options);
  tact::AddServerFlags(app, server_options, 7002, 7102);
  CLI11_PARSE(app, argc, argv);

  tact::InitLogging(kProgram);
  options.threads = tact::ConfigureThreads(options.threads);
  auto engine = tact::RewardEngine::Start(options);
  if (!engine.ok()) return tact::FailStart(kProgram, engine.status());
  tact::RewardService service((*engine)->config(), (*engine)->tokenizer(), (*engine)->batcher(),
                              options.model);
  auto server = tact::Server::Start(server_options, {&service}, {"tact.v1.RewardService"});
  if (!server.ok()) return tact::FailStart(kProgram, server.status());
  const tact::HealthMonitor monitor(**server, options.stall, "the engine",
                                    [&] { return (*engine)->batcher().pulse(); });
  return tact::ServeUntilStopped(**server, kProgram);
}

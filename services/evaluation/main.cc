// tact-evaluation: runs evaluations against policy and reward services, and reports on them.
#include <CLI/CLI.hpp>
#include <string>

#include "common/base/log.h"
#include "common/rpc/server.h"
#include "services/evaluation/evaluation_service.h"

namespace {

constexpr char kProgram[] = "tact-evaluation";

struct EvaluationOptions {
  tact::ModelAddresses addresses;
  std::string data_dir = "tact-data/evaluation";
  size_t max_evaluations = 1000;
  tact::RunnerOptions runner;
};

void AddRunnerFlags(CLI::App& app, tact::RunnerOptions& runner) {
  app.add_option("--wait-seconds", runner.calls.wait_seconds,
                 "how long a service may be down or full before an evaluation fails")
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str();
  app.add_option("--call-seconds", runner.calls.call_seconds, "deadline of one call to a service")
      ->check(CLI::Range(1.0, 86400.0))
      ->capture_default_str();
  app.add_option("--batch", runner.batch, "prompts of one Generate call")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--max-pending", runner.max_pending, "evaluations that may wait")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
}

void AddEvaluationFlags(CLI::App& app, EvaluationOptions& options) {
  app.add_option("--policy", options.addresses.policy, "address of the policy service")
      ->capture_default_str();
  app.add_option("--reward", options.addresses.reward, "address of the reward service")
      ->capture_default_str();
  app.add_option("--data-dir", options.data_dir, "folder of the evaluations")
      ->capture_default_str();
  app.add_option("--max-evaluations", options.max_evaluations,
                 "evaluations kept; above it the oldest that have ended go")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  AddRunnerFlags(app, options.runner);
}

}  // namespace

int main(int argc, char** argv) {
  tact::BlockStopSignals();
  CLI::App app("Evaluates policies: ROUGE, toxicity, before and after, reports", kProgram);
  EvaluationOptions options;
  tact::ServerOptions server_options;
  AddEvaluationFlags(app, options);
  tact::AddServerFlags(app, server_options, 7004, 7104);
  tact::AddPeerTlsFlag(app, server_options.tls);
  CLI11_PARSE(app, argc, argv);

  tact::InitLogging(kProgram);
  auto store = tact::EvaluationStore::Open(options.data_dir, options.max_evaluations);
  if (!store.ok()) return tact::FailStart(kProgram, store.status());
  const auto credentials = tact::MakePeerCredentials(server_options.tls);
  if (!credentials.ok()) return tact::FailStart(kProgram, credentials.status());
  const tact::ModelChannels channels(options.addresses, server_options.max_message_bytes,
                                     *credentials);
  tact::EvaluationRunner runner(options.runner, channels, **store);
  tact::EvaluationService service(**store, runner, channels);
  auto server = tact::Server::Start(server_options, {&service}, {"tact.v1.EvaluationService"});
  if (!server.ok()) return tact::FailStart(kProgram, server.status());
  return tact::ServeUntilStopped(**server, kProgram, [&] {
    service.Stop();
    runner.Stop();
  });
}

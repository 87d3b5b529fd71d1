// tact-policy: serves one T5 folder, its adapters and pushed weights.
#include <CLI/CLI.hpp>
#include <utility>

#include "absl/status/status.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/kernels/cpu.h"
#include "common/kernels/threads.h"
#include "common/rpc/health_monitor.h"
#include "common/rpc/server.h"
#include "services/policy/policy_options.h"
#include "services/policy/policy_service.h"
#include "services/policy/warm_up.h"

namespace tact {
namespace {

constexpr char kProgram[] = "tact-policy";

absl::StatusOr<int> Serve(PolicyOptions options) {
  RETURN_IF_ERROR(ValidatePolicyOptions(options));
  options.engine.threads = ConfigureThreads(options.engine.threads);
  LogInfo(DescribePolicyOptions(options), " cpu=", DescribeCpu());
  ASSIGN_OR_RETURN(PolicyModel model,
                   LoadPolicyModel(options.model, options.engine.sequence, options.weight_type));
  PolicyServiceImpl service(std::move(model),
                            {options.engine, options.weight_type, options.max_models,
                             options.max_push_mb << 20, options.adapter_dir});
  for (const std::string& adapter : options.adapters) {
    RETURN_IF_ERROR(service.adapters().LoadAtStart(adapter));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server,
                   Server::Start(options.server, {&service}, {PolicyServiceImpl::kName}));
  RETURN_IF_ERROR(WarmUp(service.engine(), service.base_weights()));
  const HealthMonitor monitor(*server, options.stall, "the engine",
                              [&] { return service.engine().pulse(); });
  return ServeUntilStopped(*server, kProgram);
}

int Main(int argc, char** argv) {
  EnsurePassiveWait(argv);
  BlockStopSignals();
  InitLogging(kProgram);
  CLI::App app("Serves a T5 summariser: generation, rollouts, logprobs, weight pushes.", kProgram);
  PolicyOptions options;
  AddPolicyFlags(app, options);
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<int> code = CatchExceptions("start", [&] { return Serve(options); });
  return code.ok() ? *code : FailStart(kProgram, code.status());
}

}  // namespace
}  // namespace tact

int main(int argc, char** argv) { return tact::Main(argc, argv); }

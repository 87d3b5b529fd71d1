// tactctl down: stops the cluster of a data folder.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"
#include "services/tactctl/cluster_file.h"
#include "services/tactctl/commands.h"

namespace tact::ctl {
namespace {

struct DownOptions {
  std::string data_dir;
  double patience_seconds = 90;
};

absl::Status RunDown(const DownOptions& options, Context& context) {
  std::string data_dir = options.data_dir.empty() ? context.cluster : options.data_dir;
  if (data_dir.empty()) data_dir = "tact-data";
  if (!ClusterIsRunning(data_dir)) {
    return MakeError(absl::StatusCode::kNotFound,
                     {"NO_CLUSTER", "--data-dir", data_dir, "name the folder given to tactctl up"},
                     "no cluster runs there");
  }
  ASSIGN_OR_RETURN(const ClusterFile cluster, ReadClusterFile(data_dir));
  if (kill(cluster.supervisor, SIGTERM) != 0) {
    return absl::PermissionDeniedError(
        StrCat("process ", cluster.supervisor, ": ", strerror(errno)));
  }
  const absl::Time limit = SteadyNow() + absl::Seconds(options.patience_seconds);
  while (ClusterIsRunning(data_dir)) {
    if (SteadyNow() > limit) {
      return absl::DeadlineExceededError(
          StrCat("process ", cluster.supervisor, " has not ended yet"));
    }
    absl::SleepFor(absl::Milliseconds(50));
  }
  context.terminal.out << "stopped\n";
  return absl::OkStatus();
}

}  // namespace

void AddDownCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<DownOptions>();
  CLI::App* down = app.add_subcommand("down", "Stop a cluster that \"up\" started");
  down->add_option("--data-dir", options->data_dir, "Its data folder [--cluster, else tact-data]");
  down->add_option("--patience", options->patience_seconds, "Seconds to wait for its end")
      ->capture_default_str();
  down->footer("Example:\n  tactctl down --data-dir /tmp/tact");
  down->callback([options, &context] {
    context.needs_addresses = false;
    context.run = [options, &context] { return RunDown(*options, context); };
  });
}

}  // namespace tact::ctl

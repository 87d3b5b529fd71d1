// tactctl up: the four services on this machine, in the foreground or detached.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <memory>
#include <ostream>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/cluster_file.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/output.h"
#include "services/tactctl/ports.h"
#include "services/tactctl/supervisor.h"

namespace tact::ctl {
namespace {

namespace fs = std::filesystem;

struct UpOptions {
  ClusterOptions cluster;
  int first_port = DefaultPort("policy");
  double start_timeout = 120;
  bool detach = false;
  bool tls = false;
};

absl::Status MakeFolders(const fs::path& data_dir) {
  for (const char* folder : {"logs", "trainer", "evaluation"}) {
    std::error_code error;
    fs::create_directories(data_dir / folder, error);
    if (error) {
      return FieldError("--data-dir", data_dir.string(), error.message(),
                        "choose a folder that you may write");
    }
  }
  return absl::OkStatus();
}

absl::Status Prepare(UpOptions& options) {
  ClusterOptions& cluster = options.cluster;
  if (cluster.bin_dir.empty()) cluster.bin_dir = fs::read_symlink("/proc/self/exe").parent_path();
  cluster.data_dir = fs::absolute(cluster.data_dir).lexically_normal();
  cluster.models = fs::absolute(cluster.models).lexically_normal();
  if (!fs::is_directory(cluster.models)) {
    return FieldError("--models", cluster.models.string(), "no such folder",
                      "name the folder that holds the models policy and reward");
  }
  if (options.tls) cluster.certificates = cluster.data_dir / "certificates";
  return MakeFolders(cluster.data_dir);
}

void PrintMembers(const Supervisor& supervisor, const UpOptions& options, double seconds,
                  std::ostream& out) {
  Table table({"SERVICE", "GRPC", "HTTP", "PID", "LOG"});
  for (const ClusterMember& member : supervisor.Members()) {
    table.Add({"tact-" + member.name, member.address, member.http_address, StrCat(member.pid),
               (options.cluster.data_dir / "logs" / (member.name + ".log")).string()});
  }
  table.Print(out, 500);
  out << "ready in " << Seconds(seconds);
  const std::string data_dir = options.cluster.data_dir.string();
  if (options.detach) {
    out << "; stop it with: tactctl down --data-dir " << data_dir << '\n';
  } else {
    out << "; Ctrl-C stops it\n";
  }
  if (options.first_port != DefaultPort("policy") || options.tls) {
    out << "for other commands: export TACT_CLUSTER=" << data_dir << '\n';
  }
  out << std::flush;
}

// Runs the cluster in this process; `ready` is called once all serve.
absl::Status RunCluster(UpOptions& options, Context& context, const std::function<void()>& ready) {
  ASSIGN_OR_RETURN(const ClusterLock lock, ClusterLock::Take(options.cluster.data_dir));
  ASSIGN_OR_RETURN(const PortMap ports, ChoosePorts(options.first_port));
  RETURN_IF_ERROR(WriteClusterFile(options.cluster.data_dir, {getpid(), {}, {}}));
  const Stopwatch watch;
  Supervisor supervisor(options.cluster, ports, [&](const std::string& line) {
    context.terminal.err << "tactctl: " << line << '\n' << std::flush;
  });
  if (absl::Status status = supervisor.Start(options.start_timeout); !status.ok()) {
    RemoveClusterFile(options.cluster.data_dir);
    return status;
  }
  PrintMembers(supervisor, options, watch.Seconds(), context.terminal.out);
  ready();
  supervisor.Run();
  context.terminal.err << "tactctl: stopping\n" << std::flush;
  supervisor.StopAll();
  RemoveClusterFile(options.cluster.data_dir);
  return absl::OkStatus();
}

// In the detached process, once ready: output to the log, the terminal let go, the parent told.
void LetGo(const fs::path& data_dir, int pipe) {
  const std::string log = (data_dir / "logs" / "tactctl.log").string();
  const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  const char done = 0;
  if (write(pipe, &done, 1) == 1) close(pipe);
}

// The exit code that the detached process sends, or 13 (INTERNAL) if it died without a word.
int AwaitDetached(int pipe) {
  unsigned char code = 13;
  while (read(pipe, &code, 1) < 0 && errno == EINTR) {
  }
  close(pipe);
  return code;
}

absl::Status RunDetached(UpOptions& options, Context& context) {
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC) != 0) return absl::InternalError(strerror(errno));
  const pid_t child = fork();
  if (child < 0) return absl::ResourceExhaustedError(strerror(errno));
  if (child > 0) {
    close(pipe[1]);
    context.exit_code = AwaitDetached(pipe[0]);
    return absl::OkStatus();
  }
  close(pipe[0]);
  setsid();
  const absl::Status status =
      RunCluster(options, context, [&] { LetGo(options.cluster.data_dir, pipe[1]); });
  if (!status.ok()) {
    const auto code = static_cast<unsigned char>(status.code());
    if (write(pipe[1], &code, 1) != 1) return absl::InternalError(strerror(errno));
  }
  return status;
}

absl::Status RunUp(UpOptions& options, Context& context) {
  BlockSupervisorSignals();
  RETURN_IF_ERROR(Prepare(options));
  if (options.detach) return RunDetached(options, context);
  return RunCluster(options, context, [] {});
}

}  // namespace

void AddUpCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<UpOptions>();
  ClusterOptions& cluster = options->cluster;
  CLI::App* up = app.add_subcommand("up", "Run the four services on this machine");
  up->add_option("--models", cluster.models, "Folder of models; the trainer's models root")
      ->capture_default_str();
  up->add_option("--policy-model", cluster.policy_model, "Folder of the policy [MODELS/policy]");
  up->add_option("--reward-model", cluster.reward_model,
                 "Folder of the classifier [MODELS/reward]");
  up->add_option("--data-dir", cluster.data_dir, "Jobs, evaluations and logs")
      ->capture_default_str();
  up->add_option("--ports", options->first_port, "First gRPC port, HTTP 100 above; 0: free ones")
      ->check(CLI::Range(0, 65000))
      ->capture_default_str();
  up->add_option("--bin-dir", cluster.bin_dir, "Folder of the services' programs [tactctl's own]");
  up->add_option("--start-timeout", options->start_timeout, "Seconds until all must serve")
      ->capture_default_str();
  up->add_flag("--tls", options->tls,
               "Mutual TLS, with an authority and certificates made in DATA-DIR/certificates");
  up->add_flag("--detach", options->detach, "Return once all serve; stop it with tactctl down");
  for (const ServiceEntry& service : kServices) {
    const std::string name(service.name);
    up->add_option_function<std::vector<std::string>>(
          StrCat("--", name, "-arg"),
          [options, name](const std::vector<std::string>& v) { options->cluster.extra[name] = v; },
          StrCat("Further argument for tact-", name, ", e.g. --", name, "-arg=--threads=1"))
        ->allow_extra_args(false);
  }
  up->footer(
      "Examples:\n"
      "  tactctl up --models models --data-dir /tmp/tact --detach\n"
      "  tactctl up --tls --data-dir /tmp/tact\n"
      "and with TLS, in another shell:\n"
      "  tactctl status --cluster /tmp/tact");
  up->callback([options, &context] {
    context.needs_addresses = false;
    context.run = [options, &context] { return RunUp(*options, context); };
  });
}

}  // namespace tact::ctl

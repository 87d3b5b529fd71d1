// tactctl doctor: ports, certificates, models, clocks, memory, disk and threads, and what to do.
#include <sched.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "absl/time/clock.h"
#include "common/base/memory.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/address.h"
#include "services/tactctl/certificate_check.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/machine_check.h"
#include "services/tactctl/model_check.h"
#include "services/tactctl/output.h"
#include "services/tactctl/port_check.h"
#include "services/tactctl/replica_report.h"

namespace tact::ctl {
namespace {

namespace fs = std::filesystem;

struct DoctorOptions {
  fs::path models = "models";
  fs::path policy_model, reward_model;  // "": under models
  fs::path data_dir;                    // "": --cluster, else tact-data
  fs::path certificates;                // "": DATA-DIR/certificates where there is one
  std::string host = "127.0.0.1";
};

using Findings = std::vector<Finding>;

// Where tactctl up would put /metrics and the health of a service whose gRPC port this is.
void CheckHttpPort(int grpc_port, Findings& out) {
  const int port = grpc_port + kHttpPortOffset;
  const auto listener = FindListener(port);
  if (!listener) return;
  out.push_back({StrCat("port 127.0.0.1:", port), Verdict::kFail, StrCat(*listener, " listens"),
                 "stop it or choose other ports (--ports)"});
}

void CheckPorts(const std::vector<ReplicaReport>& reports, Findings& out) {
  for (const ReplicaReport& report : reports) {
    const auto at = ParseAddress("address", report.address);
    const bool here = at.ok() && IsLoopback(at->host);
    out.push_back(CheckPort(report.service, report.address, report.health, here,
                            here ? FindListener(at->port) : std::nullopt));
    if (here && report.health == Health::kUnreachable) CheckHttpPort(at->port, out);
  }
}

void CheckCertificates(const DoctorOptions& options, const Context& context, Findings& out) {
  const ClientTls& tls = context.tls;
  const bool named = !options.certificates.empty();
  const fs::path folder = named ? options.certificates : options.data_dir / "certificates";
  const bool in_folder = fs::path(tls.certificate).parent_path() == folder;
  const bool given = !tls.ca.empty() || !tls.certificate.empty() || !tls.key.empty();
  if (given && !in_folder) {
    const TlsFiles files{{"--cert", tls.certificate}, {"--key", tls.key}, {"--ca", tls.ca}};
    out.push_back(CheckCertificate(files, "", absl::Now()));
  }
  if (!named && !fs::is_directory(folder)) {
    if (tls.ca.empty()) {
      out.push_back({"certificates", Verdict::kOk, "no TLS: fit for loopback alone",
                     "elsewhere: tactctl up --tls, or scripts/make-certs"});
    }
    return;
  }
  Findings found = CheckCertificateFolder(folder, options.host, absl::Now());
  out.insert(out.end(), found.begin(), found.end());
}

uint64_t ThreadLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NPROC, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
  return limit.rlim_cur;
}

int UsableCpus() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

// The nearest folder above that is there: where a new one would be made.
fs::path Existing(fs::path folder) {
  folder = fs::absolute(folder);
  while (!fs::exists(folder) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

void CheckMachine(const DoctorOptions& options, const MemoryNeeds& needs, Findings& out) {
  out.push_back(CheckMemory(AvailableBytes(), needs));
  std::error_code error;
  const fs::path folder = Existing(options.data_dir);
  const fs::space_info space = fs::space(folder, error);
  out.push_back(CheckDisk(folder.string(), error ? 0 : space.available, needs.policy_parameters));
  out.push_back(CheckThreads(UsableCpus(), ThreadLimit()));
}

MemoryNeeds CheckModels(const DoctorOptions& options, Findings& out) {
  const auto folder = [&](const fs::path& named, const char* kind) {
    return named.empty() ? options.models / kind : named;
  };
  const ModelFinding policy = CheckModel("policy", folder(options.policy_model, "policy"));
  const ModelFinding reward = CheckModel("reward", folder(options.reward_model, "reward"));
  out.insert(out.end(), {policy.finding, reward.finding});
  return {policy.parameters, reward.parameters, false};
}

absl::StatusOr<Findings> Examine(const DoctorOptions& options, const Context& context) {
  ASSIGN_OR_RETURN(const auto reports, AskAllReplicas(context));
  Findings out;
  CheckPorts(reports, out);
  CheckCertificates(options, context, out);
  MemoryNeeds needs = CheckModels(options, out);
  for (const ReplicaReport& report : reports) {
    if (report.health == Health::kUnreachable) continue;
    out.push_back(CheckClock(report));
    if (report.service == "policy") needs.models_are_loaded = true;
  }
  CheckMachine(options, needs, out);
  return out;
}

void PrintFindings(const Findings& findings, const Context& context) {
  if (context.output == Output::kTable) {
    for (const Finding& one : findings) {
      context.terminal.out << VerdictName(one.verdict)
                           << std::string(6 - VerdictName(one.verdict).size(), ' ') << one.check
                           << ": " << one.found << '\n';
      if (!one.advice.empty()) context.terminal.out << "      -> " << one.advice << '\n';
    }
    return;
  }
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Finding& one : findings) {
    all.push_back({{"check", one.check},
                   {"verdict", VerdictName(one.verdict)},
                   {"found", one.found},
                   {"advice", one.advice}});
  }
  if (context.output == Output::kJson) {
    context.terminal.out << all.dump(2) << '\n';
  } else {
    for (const auto& one : all) context.terminal.out << one.dump() << '\n';
  }
}

absl::Status RunDoctor(DoctorOptions options, Context& context) {
  if (options.data_dir.empty()) {
    options.data_dir = context.cluster.empty() ? "tact-data" : context.cluster;
  }
  // Certificates that cannot be used are a finding here, not the end.
  const absl::Status resolved = ResolveAddresses(context);
  if (!resolved.ok() && context.service("policy").address.empty()) return resolved;
  ASSIGN_OR_RETURN(const Findings findings, Examine(options, context));
  PrintFindings(findings, context);
  const auto failed = std::count_if(findings.begin(), findings.end(), [](const Finding& one) {
    return one.verdict == Verdict::kFail;
  });
  if (failed == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat(failed, " of ", findings.size(), " checks failed"));
}

}  // namespace

void AddDoctorCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* doctor = app.add_subcommand("doctor", "What is wrong here, and what to do about it");
  doctor->add_option("--models", options->models, "Folder of models")->capture_default_str();
  doctor->add_option("--policy-model", options->policy_model,
                     "Folder of the policy [MODELS/policy]");
  doctor->add_option("--reward-model", options->reward_model,
                     "Folder of the classifier [MODELS/reward]");
  doctor->add_option("--data-dir", options->data_dir,
                     "Data folder of the cluster [--cluster, else tact-data]");
  doctor->add_option("--certs", options->certificates,
                     "Folder of scripts/make-certs [DATA-DIR/certificates, if it is there]");
  doctor->add_option("--host", options->host, "Name that the services' certificates must have")
      ->capture_default_str();
  doctor->footer(
      "Examples:\n"
      "  tactctl doctor --models models\n"
      "  tactctl doctor --certs certs --host policy.example -o json\n"
      "Exit code 0 if nothing fails; warnings do not.");
  doctor->callback([options, &context] {
    context.needs_addresses = false;
    context.run = [options, &context] { return RunDoctor(*options, context); };
  });
}

}  // namespace tact::ctl

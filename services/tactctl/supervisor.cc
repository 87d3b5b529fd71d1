#include "services/tactctl/supervisor.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"
#include "services/tactctl/authority.h"
#include "services/tactctl/health.h"
#include "services/tactctl/output.h"

namespace tact::ctl {
namespace {

constexpr size_t kShownLines = 15;
constexpr double kStopPatienceSeconds = 20;
constexpr absl::Duration kStable = absl::Seconds(30);  // forgives earlier deaths
constexpr absl::Duration kTick = absl::Milliseconds(200);

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

// True if a stop signal came within `wait`.
bool StopRequested(absl::Duration wait) {
  const sigset_t set = StopSignals();
  const timespec time = absl::ToTimespec(wait);
  return sigtimedwait(&set, nullptr, &time) > 0;
}

}  // namespace

void BlockSupervisorSignals() {
  const sigset_t set = StopSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

absl::Duration RestartDelay(int failures) {
  const int doublings = std::clamp(failures - 1, 0, 10);
  return std::min(absl::Milliseconds(500) * (1 << doublings), absl::Seconds(10));
}

Supervisor::Supervisor(ClusterOptions options, PortMap ports,
                       std::function<void(const std::string&)> say)
    : options_(std::move(options)), ports_(std::move(ports)), say_(std::move(say)) {
  for (const ServiceEntry& service : kServices) children_.emplace_back().service = &service;
}

absl::Status Supervisor::PrepareTls() {
  if (options_.certificates.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(IssueCertificates(options_.certificates));
  tls_ = AdminCertificates(options_.certificates);
  ASSIGN_OR_RETURN(credentials_, MakeClientCredentials(tls_));
  return absl::OkStatus();
}

absl::Status Supervisor::StartChild(Child& child) {
  const auto log = options_.data_dir / "logs" / StrCat(child.service->name, ".log");
  auto process = ChildProcess::Start(ServiceCommand(*child.service, options_, ports_), log);
  if (!process.ok()) return process.status();
  child.process = *std::move(process);
  child.started = SteadyNow();
  return absl::OkStatus();
}

// An error for a child that has ended while the cluster starts.
absl::Status Supervisor::CheckStartup() {
  for (Child& child : children_) {
    const auto ended = child.process->Ended();
    if (!ended) continue;
    return absl::FailedPreconditionError(
        StrCat("tact-", child.service->name, " ended at its start (", *ended,
               "); its last lines:\n", Indent(child.process->LastLines(kShownLines), "  ")));
  }
  return absl::OkStatus();
}

absl::Status Supervisor::WaitUntilServing(Child& child, absl::Time limit) {
  const std::string address = Loopback(ports_.find(child.service->name)->second.grpc);
  while (CheckHealth(address, child.service->health, 1.0, credentials_) != Health::kServing) {
    RETURN_IF_ERROR(CheckStartup());
    if (StopRequested(absl::Milliseconds(50))) return absl::CancelledError("stopped by a signal");
    if (SteadyNow() < limit) continue;
    return absl::DeadlineExceededError(StrCat(
        "tact-", child.service->name, " does not serve yet; give it more time with ",
        "--start-timeout. Its last lines:\n", Indent(child.process->LastLines(kShownLines), "  ")));
  }
  return absl::OkStatus();
}

absl::Status Supervisor::Start(double timeout_seconds) {
  const absl::Time limit = SteadyNow() + absl::Seconds(timeout_seconds);
  RETURN_IF_ERROR(PrepareTls());
  for (Child& child : children_) {
    if (absl::Status status = StartChild(child); !status.ok()) {
      StopAll();
      return status;
    }
  }
  for (Child& child : children_) {
    if (absl::Status status = WaitUntilServing(child, limit); !status.ok()) {
      StopAll();
      return status;
    }
  }
  return WriteFile();
}

void Supervisor::NoteDeath(Child& child, const std::string& how) {
  if (SteadyNow() - child.started > kStable) child.failures = 0;
  ++child.failures;
  const absl::Duration delay = RestartDelay(child.failures);
  child.next_start = SteadyNow() + delay;
  child.process.reset();
  say_(StrCat("tact-", child.service->name, " ended (", how, "); starting it again in ",
              Seconds(absl::ToDoubleSeconds(delay)), ", see logs/", child.service->name, ".log"));
}

void Supervisor::Watch(Child& child) {
  if (child.process) {
    if (const auto how = child.process->Ended()) NoteDeath(child, *how);
    return;
  }
  if (SteadyNow() < child.next_start) return;
  const absl::Status status = StartChild(child);
  if (!status.ok()) return NoteDeath(child, std::string(status.message()));
  say_(StrCat("tact-", child.service->name, " started again, pid ", child.process->pid()));
  if (const absl::Status written = WriteFile(); !written.ok()) {
    say_(std::string(written.message()));
  }
}

void Supervisor::Run() {
  while (!StopRequested(kTick)) {
    for (Child& child : children_) Watch(child);
  }
}

void Supervisor::StopAll() {
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
    if (child->process) child->process->Stop(kStopPatienceSeconds);
    child->process.reset();
  }
}

std::vector<ClusterMember> Supervisor::Members() const {
  std::vector<ClusterMember> members;
  for (const Child& child : children_) {
    const ServicePorts& ports = ports_.find(child.service->name)->second;
    members.push_back({std::string(child.service->name), Loopback(ports.grpc), Loopback(ports.http),
                       child.process ? child.process->pid() : 0});
  }
  return members;
}

absl::Status Supervisor::WriteFile() const {
  return WriteClusterFile(options_.data_dir, {getpid(), Members(), tls_});
}

}  // namespace tact::ctl

#include "tests/integration/cluster.h"

#include <signal.h>

#include <fstream>

#include "services/tactctl/cluster_file.h"
#include "services/tactctl/service_table.h"

namespace tact::testing {
namespace {

std::vector<std::string> UpCommand(const std::filesystem::path& data_dir) {
  return {Binary("tactctl"), "up",
          "--ports",         "0",
          "--models",        (SourceDir() / "models").string(),
          "--data-dir",      data_dir.string()};
}

}  // namespace

TestCluster::TestCluster() { StartAgain(); }

bool TestCluster::StartAgain() {
  up_ =
      std::make_unique<Background>(UpCommand(data_dir()), folder() / "up.out", folder() / "up.err");
  started_ = WaitFor(
      [this] { return up_->out().find("ready in") != std::string::npos || up_->Wait(0); }, 120);
  started_ = started_ && !up_->Wait(0);
  return started_;
}

bool TestCluster::Stop() {
  up_->Signal(SIGTERM);
  return up_->Wait(90) == 0;
}

void TestCluster::KillAll() {
  const auto cluster = ctl::ReadClusterFile(data_dir());
  up_->Signal(SIGKILL);
  if (!cluster.ok()) return;
  for (const ctl::ClusterMember& member : cluster->members) {
    if (member.pid > 0) kill(member.pid, SIGKILL);
  }
  up_->Wait(10);
  for (const ctl::ClusterMember& member : cluster->members) {
    WaitFor([&] { return !IsAlive(member.pid); }, 10);
  }
}

Finished TestCluster::Tactctl(std::vector<std::string> arguments, double seconds) const {
  arguments.insert(arguments.begin(), {Binary("tactctl"), "--cluster", data_dir().string()});
  return RunProgram(arguments, seconds);
}

nlohmann::json TestCluster::Json(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), {"-o", "json"});
  const Finished run = Tactctl(arguments);
  return nlohmann::json::parse(run.code == 0 ? run.out : "", nullptr, false);
}

nlohmann::json TestCluster::Job(const std::string& id) const { return Json({"jobs", "get", id}); }

pid_t TestCluster::PidOf(const std::string& name) const {
  const auto cluster = ctl::ReadClusterFile(data_dir());
  if (!cluster.ok()) return 0;
  for (const ctl::ClusterMember& member : cluster->members) {
    if (member.name == name) return member.pid;
  }
  return 0;
}

std::string TestCluster::AddressOf(const std::string& name) const {
  const auto cluster = ctl::ReadClusterFile(data_dir());
  return cluster.ok() ? cluster->AddressOf(name) : "";
}

// Nothing for a service that is not there: pid 0 would be this process's own group.
void TestCluster::Kill(const std::string& name, int signal) const {
  if (const pid_t pid = PidOf(name); pid > 0) kill(pid, signal);
}

bool TestCluster::WaitUntilServing(double seconds) const {
  return WaitFor([this] { return Tactctl({"status"}).code == 0; }, seconds);
}

std::string TestCluster::Logs() const {
  std::string text = up_->out() + up_->err();
  for (const ctl::ServiceEntry& service : ctl::kServices) {
    const std::string name = std::string(service.name) + ".log";
    text += "== " + name + "\n" + ReadAll(data_dir() / "logs" / name);
  }
  return text;
}

std::string TestCluster::Head(const std::string& dataset, size_t lines) const {
  std::ifstream in(SourceDir() / "datasets" / dataset);
  std::string line, text;
  for (size_t i = 0; i < lines && std::getline(in, line); ++i) text += line + "\n";
  return Write(dataset, text);
}

std::string TestCluster::Write(const std::string& name, const std::string& text) const {
  const auto path = folder() / name;
  std::ofstream(path, std::ios::binary) << text;
  return path.string();
}

std::string StateOf(const nlohmann::json& job) {
  return job.is_object() ? job.value("state", "") : "";
}

uint64_t Number64(const nlohmann::json& value) {
  return value.is_string() ? std::stoull(value.get<std::string>()) : value.get<uint64_t>();
}

}  // namespace tact::testing

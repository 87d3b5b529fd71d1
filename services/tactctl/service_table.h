// The four services as tactctl up starts them: program, ports, flags, and the order of their start
// (a service comes after those it calls; they stop in the opposite order).
#ifndef TACT_SERVICES_TACTCTL_SERVICE_TABLE_H_
#define TACT_SERVICES_TACTCTL_SERVICE_TABLE_H_

#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tact::ctl {

inline constexpr int kHttpPortOffset = 100;

struct ServiceEntry {
  std::string_view name;    // "policy"
  std::string_view health;  // "tact.v1.PolicyService"
  int default_port;         // gRPC; HTTP is kHttpPortOffset above
};

// In the order of their start.
inline constexpr std::array<ServiceEntry, 4> kServices = {{
    {"policy", "tact.v1.PolicyService", 7001},
    {"reward", "tact.v1.RewardService", 7002},
    {"evaluation", "tact.v1.EvaluationService", 7004},
    {"trainer", "tact.v1.TrainerService", 7003},
}};

// The default gRPC port of a service; 0 for an unknown name.
int DefaultPort(std::string_view name);

// What a cluster on one machine is made of.
struct ClusterOptions {
  std::filesystem::path bin_dir;
  std::filesystem::path data_dir = "tact-data";
  std::filesystem::path models = "models";
  std::filesystem::path policy_model;  // "" is models/policy
  std::filesystem::path reward_model;  // "" is models/reward
  std::filesystem::path certificates;  // folder of IssueCertificates; "": no TLS
  // Further arguments for a service, by its name.
  std::map<std::string, std::vector<std::string>, std::less<>> extra;
};

struct ServicePorts {
  int grpc = 0;
  int http = 0;
};
using PortMap = std::map<std::string, ServicePorts, std::less<>>;

// "127.0.0.1:port".
std::string Loopback(int port);

// Program and arguments of one service.
std::vector<std::string> ServiceCommand(const ServiceEntry& service, const ClusterOptions& options,
                                        const PortMap& ports);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_SERVICE_TABLE_H_

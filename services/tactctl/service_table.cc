#include "services/tactctl/service_table.h"

#include "common/base/strings.h"
#include "services/tactctl/authority.h"

namespace tact::ctl {
namespace {

std::string ModelFolder(const ClusterOptions& options, std::string_view name) {
  const std::filesystem::path& chosen =
      name == "policy" ? options.policy_model : options.reward_model;
  return (chosen.empty() ? options.models / name : chosen).string();
}

bool ServesModel(std::string_view name) { return name == "policy" || name == "reward"; }

void AppendOwnFlags(const ServiceEntry& service, const ClusterOptions& options,
                    const PortMap& ports, std::vector<std::string>& command) {
  if (ServesModel(service.name)) {
    command.insert(command.end(), {"--model", ModelFolder(options, service.name)});
    return;
  }
  command.insert(command.end(), {"--data-dir", (options.data_dir / service.name).string(),
                                 "--policy", Loopback(ports.at("policy").grpc), "--reward",
                                 Loopback(ports.at("reward").grpc)});
  if (service.name == "trainer") {
    command.insert(command.end(), {"--models-root", options.models.string()});
  }
}

void AppendTlsFlags(const ServiceEntry& service, const ClusterOptions& options,
                    std::vector<std::string>& command) {
  if (options.certificates.empty()) return;
  const ServerTls tls = ServiceCertificates(options.certificates, service.name);
  command.insert(command.end(), {"--tls-cert", tls.certificate, "--tls-key", tls.key,
                                 "--tls-client-ca", tls.client_ca});
}

}  // namespace

int DefaultPort(std::string_view name) {
  for (const ServiceEntry& service : kServices) {
    if (service.name == name) return service.default_port;
  }
  return 0;
}

std::string Loopback(int port) { return StrCat("127.0.0.1:", port); }

std::vector<std::string> ServiceCommand(const ServiceEntry& service, const ClusterOptions& options,
                                        const PortMap& ports) {
  const ServicePorts& own = ports.find(service.name)->second;
  std::vector<std::string> command = {
      (options.bin_dir / StrCat("tact-", service.name)).string(),
      "--address",
      Loopback(own.grpc),
      "--http-address",
      Loopback(own.http),
  };
  AppendTlsFlags(service, options, command);
  AppendOwnFlags(service, options, ports, command);
  if (const auto extra = options.extra.find(service.name); extra != options.extra.end()) {
    command.insert(command.end(), extra->second.begin(), extra->second.end());
  }
  return command;
}

}  // namespace tact::ctl

#include "services/tactctl/replicas.h"

#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <netdb.h>

#include <algorithm>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/address.h"
#include "services/tactctl/health.h"
#include "services/tactctl/service_table.h"

namespace tact::ctl {
namespace {

constexpr char kDns[] = "dns:///";
constexpr double kChoiceSeconds = 2;

std::string NumericAddress(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof(text));
    return text;
  }
  inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text,
            sizeof(text));
  return StrCat("[", text, "]");
}

// Every address of a DNS name.
absl::StatusOr<std::vector<Replica>> Resolve(const ServiceAddress& service,
                                             const std::string& target) {
  const std::string flag = StrCat("--", service.name);
  ASSIGN_OR_RETURN(const HostPort name, ParseAddress(flag, target));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(name.host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return MakeError(absl::StatusCode::kUnavailable,
                     {"NO_SUCH_NAME", flag, service.address, "give a name that this machine knows"},
                     StrCat("the name has no address (", gai_strerror(error), ")"));
  }
  const absl::Cleanup free = [found] { freeaddrinfo(found); };
  std::vector<Replica> replicas;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    replicas.push_back({StrCat(NumericAddress(*one->ai_addr), ":", name.port), name.host});
  }
  std::sort(replicas.begin(), replicas.end(),
            [](const Replica& a, const Replica& b) { return a.address < b.address; });
  return replicas;
}

std::string_view ServiceHealthName(const std::string& name) {
  for (const ServiceEntry& entry : kServices) {
    if (entry.name == name) return entry.health;
  }
  return "";
}

}  // namespace

absl::StatusOr<std::vector<Replica>> FindReplicas(const ServiceAddress& service) {
  if (absl::StartsWith(service.address, kDns)) {
    return Resolve(service, service.address.substr(sizeof(kDns) - 1));
  }
  const auto list = ToStd(absl::StripPrefix(absl::StripPrefix(service.address, "ipv4:"), "ipv6:"));
  std::vector<Replica> replicas;
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(ToAbsl(list), ','))) {
    RETURN_IF_ERROR(ParseAddress(StrCat("--", service.name), part).status());
    replicas.push_back({part, ""});
  }
  return replicas;
}

std::shared_ptr<grpc::Channel> ReplicaChannel(const Replica& replica,
                                              const ClientCredentials& credentials) {
  if (replica.tls_name.empty() || credentials == nullptr) {
    return MakeChannel(replica.address, {.repeat_safe_calls = true, .credentials = credentials});
  }
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(replica.tls_name);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(replica.address, credentials, arguments);
}

std::string AnyReplica(const ServiceAddress& service, const ClientCredentials& credentials) {
  if (!absl::StrContains(service.address, ',')) return service.address;
  const auto replicas = FindReplicas(service);
  if (!replicas.ok()) return service.address;
  for (const Replica& replica : *replicas) {
    const Health health =
        CheckHealth(replica.address, ServiceHealthName(service.name), kChoiceSeconds, credentials);
    if (health == Health::kServing) return replica.address;
  }
  return replicas->front().address;
}

}  // namespace tact::ctl

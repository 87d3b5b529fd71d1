#include "services/tactctl/context.h"

#include <CLI/CLI.hpp>
#include <map>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/cluster_file.h"
#include "services/tactctl/service_table.h"

namespace tact::ctl {

void AddGlobalFlags(CLI::App& app, Context& context) {
  static const std::map<std::string, Output> outputs = {
      {"table", Output::kTable}, {"json", Output::kJson}, {"jsonl", Output::kJsonLines}};
  app.add_option("-o,--output", context.output,
                 "How the result is printed: table, json or jsonl [table]")
      ->transform(CLI::CheckedTransformer(outputs).description(""))
      ->type_name("FORMAT");
  app.add_option("--timeout", context.timeout_seconds, "Seconds that one request may take")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--cluster", context.cluster,
                 "Data folder of a cluster that tactctl up started, for its addresses and "
                 "certificates")
      ->envname("TACT_CLUSTER");
  for (ServiceAddress* service :
       {&context.policy, &context.reward, &context.trainer, &context.evaluation}) {
    app.add_option("--" + service->name, service->address,
                   StrCat("Address of the ", service->name,
                          " service, or several: A,B [127.0.0.1:", DefaultPort(service->name), "]"))
        ->type_name("HOST:PORT");
  }
  AddClientTlsFlags(app, context.tls);
}

const ServiceAddress& Context::service(std::string_view name) const {
  if (name == reward.name) return reward;
  if (name == trainer.name) return trainer;
  return name == evaluation.name ? evaluation : policy;
}

absl::Status ResolveAddresses(Context& context) {
  ClusterFile cluster;
  if (!context.cluster.empty()) {
    auto read = ReadClusterFile(context.cluster);
    if (!read.ok()) return Annotate(read.status(), "--cluster");
    cluster = *std::move(read);
  }
  for (ServiceAddress* service :
       {&context.policy, &context.reward, &context.trainer, &context.evaluation}) {
    if (!service->address.empty()) continue;
    service->address = cluster.AddressOf(service->name);
    if (service->address.empty()) {
      service->address = StrCat("127.0.0.1:", DefaultPort(service->name));
    }
  }
  const bool no_flag =
      context.tls.ca.empty() && context.tls.certificate.empty() && context.tls.key.empty();
  if (no_flag) context.tls = cluster.tls;
  ASSIGN_OR_RETURN(context.credentials, MakeClientCredentials(context.tls));
  return absl::OkStatus();
}

}  // namespace tact::ctl

// tactctl adapters list|load|unload: PEFT adapters on every replica of the policy.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/client.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/output.h"
#include "tact/v1/policy.grpc.pb.h"

namespace tact::ctl {
namespace {

using PolicyStub = v1::PolicyService::Stub;
using PolicyClient = Client<v1::PolicyService>;

struct AdaptersOptions {
  v1::LoadAdapterRequest load;
  std::string name;
};

// What one replica answered.
using ReplicaModels = std::pair<std::string, std::vector<v1::ServedModel>>;

void PrintAdapters(const std::vector<ReplicaModels>& all, const Context& context) {
  if (context.output == Output::kTable) {
    Table table({"NAME", "VERSION", "PARENT", "PARAMETERS", "SHA-256", "REPLICA"});
    for (const auto& [address, models] : all) {
      for (const v1::ServedModel& model : models) {
        table.Add({model.name(), StrCat(model.weight_version()), model.parent(),
                   StrCat(model.parameters()), model.sha256().substr(0, 16), address});
      }
    }
    return table.Print(context.terminal.out, context.terminal.width);
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& [address, models] : all) {
    nlohmann::ordered_json one = {{"replica", address},
                                  {"adapters", nlohmann::ordered_json::array()}};
    for (const v1::ServedModel& model : models) {
      one["adapters"].push_back(nlohmann::ordered_json::parse(ToJson(model, false)));
    }
    list.push_back(one);
  }
  if (context.output == Output::kJson) {
    context.terminal.out << list.dump(2) << '\n';
  } else {
    for (const auto& one : list) context.terminal.out << one.dump() << '\n';
  }
}

// `call` on one replica after the other; those that came before a failure are printed.
template <typename Call>
absl::Status OnEveryReplica(Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const auto replicas, FindReplicas(context.policy));
  std::vector<ReplicaModels> answers;
  absl::Status status;
  for (const Replica& replica : replicas) {
    auto models = call(PolicyClient(context, context.policy.name, replica));
    status = models.status();
    if (!status.ok()) break;
    answers.emplace_back(replica.address, *std::move(models));
  }
  if (status.ok() || !answers.empty()) PrintAdapters(answers, context);
  return status.ok() || replicas.size() == 1
             ? status
             : Annotate(status, StrCat("replica ", replicas[answers.size()].address));
}

using Served = absl::StatusOr<std::vector<v1::ServedModel>>;

absl::Status RunListAdapters(Context& context) {
  return OnEveryReplica(context, [](const PolicyClient& client) -> Served {
    ASSIGN_OR_RETURN(const auto got,
                     client.Call(&PolicyStub::ListAdapters, v1::ListAdaptersRequest()));
    return std::vector<v1::ServedModel>(got.models().begin(), got.models().end());
  });
}

absl::Status RunLoadAdapter(const AdaptersOptions& options, Context& context) {
  v1::LoadAdapterRequest request = options.load;
  request.set_adapter(options.name);
  return OnEveryReplica(context, [&](const PolicyClient& client) -> Served {
    ASSIGN_OR_RETURN(const auto got, client.Call(&PolicyStub::LoadAdapter, request));
    return std::vector<v1::ServedModel>{got.model()};
  });
}

absl::Status RunUnloadAdapter(const AdaptersOptions& options, Context& context) {
  v1::UnloadAdapterRequest request;
  request.set_adapter(options.name);
  return OnEveryReplica(context, [&](const PolicyClient& client) -> Served {
    ASSIGN_OR_RETURN(const auto got, client.Call(&PolicyStub::UnloadAdapter, request));
    return std::vector<v1::ServedModel>{got.model()};
  });
}

void AddLoadAdapter(CLI::App& adapters, const std::shared_ptr<AdaptersOptions>& options,
                    Context& context) {
  CLI::App* load = adapters.add_subcommand("load", "Serve an adapter from the policy's own disk");
  load->add_option("name", options->name, "Name to serve it under")->required();
  load->add_option_function<std::string>(
          "path", [options](const std::string& v) { options->load.set_path(v); },
          "Its folder, under the policy's --adapter-dir")
      ->required();
  load->add_option_function<std::string>(
      "--parent", [options](const std::string& v) { options->load.set_parent(v); },
      "Served model that it stands on [base]");
  load->footer("Example:\n  tactctl adapters load polite jobs/lora-1a2b3c4d/result");
  load->callback([options, &context] {
    context.run = [options, &context] { return RunLoadAdapter(*options, context); };
  });
}

void AddUnloadAdapter(CLI::App& adapters, const std::shared_ptr<AdaptersOptions>& options,
                      Context& context) {
  CLI::App* unload =
      adapters.add_subcommand("unload", "Serve an adapter no longer, loaded or pushed");
  unload->add_option("name", options->name, "Its served name")->required();
  unload->footer("Example:\n  tactctl adapters unload polite");
  unload->callback([options, &context] {
    context.run = [options, &context] { return RunUnloadAdapter(*options, context); };
  });
}

}  // namespace

void AddAdaptersCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<AdaptersOptions>();
  CLI::App* adapters =
      app.add_subcommand("adapters", "Adapters that every replica of the policy serves");
  adapters->require_subcommand(1);
  adapters->footer("Example:\n  tactctl adapters list");
  CLI::App* list = adapters->add_subcommand("list", "Adapters, by replica and name");
  list->footer("Example:\n  tactctl adapters list --policy 10.0.0.7:7001,10.0.0.8:7001");
  list->callback([&context] { context.run = [&context] { return RunListAdapters(context); }; });
  AddLoadAdapter(*adapters, options, context);
  AddUnloadAdapter(*adapters, options, context);
}

}  // namespace tact::ctl

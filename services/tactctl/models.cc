// tactctl models list|pull.
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/client.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/output.h"
#include "services/tactctl/progress.h"
#include "services/tactctl/pull.h"
#include "tact/v1/policy.grpc.pb.h"
#include "tact/v1/reward.grpc.pb.h"

namespace tact::ctl {
namespace {

constexpr char kDefaultEndpoint[] = "https://huggingface.co";

void PrintPolicy(const v1::GetModelResponse& policy, Terminal& terminal) {
  terminal.out << "policy: " << policy.architecture() << " from " << policy.path()
               << ", prompts to " << policy.max_prompt_tokens() << " tokens, responses to "
               << policy.max_new_tokens() << "\n";
  Table table({"NAME", "VERSION", "PARENT", "PARAMETERS", "SHA-256"});
  for (const v1::ServedModel& model : policy.models()) {
    table.Add({model.name(), StrCat(model.weight_version()), model.parent(),
               StrCat(model.parameters()), model.sha256().substr(0, 16)});
  }
  table.Print(terminal.out, terminal.width);
}

void PrintReward(const v1::GetRewardModelResponse& reward, Terminal& terminal) {
  terminal.out << "\nreward: " << reward.architecture() << " from " << reward.path() << ", "
               << reward.parameters() << " parameters, texts to " << reward.max_tokens()
               << " tokens, labels";
  for (const std::string& label : reward.labels()) terminal.out << ' ' << label;
  terminal.out << '\n';
}

absl::Status RunList(Context& context) {
  const Client<v1::PolicyService> policy(context, context.policy);
  const Client<v1::RewardService> reward(context, context.reward);
  ASSIGN_OR_RETURN(const auto models,
                   policy.Call(&v1::PolicyService::Stub::GetModel, v1::GetModelRequest()));
  ASSIGN_OR_RETURN(const auto classifier, reward.Call(&v1::RewardService::Stub::GetRewardModel,
                                                      v1::GetRewardModelRequest()));
  if (context.output == Output::kTable) {
    PrintPolicy(models, context.terminal);
    PrintReward(classifier, context.terminal);
    return absl::OkStatus();
  }
  const bool pretty = context.output == Output::kJson;
  context.terminal.out << "{\"policy\": " << ToJson(models, pretty)
                       << ", \"reward\": " << ToJson(classifier, pretty) << "}\n";
  return absl::OkStatus();
}

absl::Status RunPull(PullOptions options, Context& context) {
  if (options.folder.empty()) {
    options.folder = std::filesystem::path("models") /
                     options.repository.substr(options.repository.rfind('/') + 1);
  }
  Progress progress(context.terminal);
  Transfer transfer;
  const auto show = [&](const std::string& file, uint64_t done, uint64_t total) {
    progress.Update(transfer.Line(file, done, total));
  };
  RETURN_IF_ERROR(PullModel(options, show));
  progress.Clear();
  context.terminal.out << options.repository << " is in " << options.folder.string() << '\n';
  return absl::OkStatus();
}

void AddPull(CLI::App& models, Context& context) {
  auto options = std::make_shared<PullOptions>();
  options->hub.endpoint = kDefaultEndpoint;
  CLI::App* pull = models.add_subcommand("pull", "Fetch a model from a hub, over HTTPS");
  pull->add_option("name", options->repository, "ORG/NAME")->required();
  pull->add_option("--to", options->folder, "Folder [models/NAME]");
  pull->add_option("--revision", options->revision, "Branch, tag or commit")->capture_default_str();
  pull->add_option("--endpoint", options->hub.endpoint, "The hub's address")
      ->envname("HF_ENDPOINT")
      ->capture_default_str();
  pull->add_option("--ca-file", options->hub.ca_file, "Certificates to trust, PEM")
      ->check(CLI::ExistingFile);
  pull->footer(
      "Run it again to go on where it stopped.\n"
      "Example:\n  tactctl models pull google/flan-t5-base");
  pull->callback([options, &context] {
    context.needs_addresses = false;
    context.run = [options, &context] { return RunPull(*options, context); };
  });
}

}  // namespace

void AddModelsCommand(CLI::App& app, Context& context) {
  CLI::App* models = app.add_subcommand("models", "Served models, and models from a hub");
  models->require_subcommand(1);
  models->footer("Examples:\n  tactctl models list\n  tactctl models pull google/flan-t5-base");
  CLI::App* list = models->add_subcommand("list", "What policy and reward serve");
  list->footer("Example:\n  tactctl models list -o json");
  list->callback([&context] { context.run = [&context] { return RunList(context); }; });
  AddPull(*models, context);
}

}  // namespace tact::ctl

// tactctl datasets: what has been uploaded.
#include <CLI/CLI.hpp>
#include <ostream>

#include "absl/strings/ascii.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/client.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/output.h"
#include "tact/v1/trainer.grpc.pb.h"

namespace tact::ctl {
namespace {

std::string KindOf(const v1::Dataset& dataset) {
  return absl::AsciiStrToLower(
      v1::DatasetKind_Name(dataset.kind()).substr(sizeof("DATASET_KIND_") - 1));
}

absl::Status RunDatasets(Context& context) {
  const Client<v1::TrainerService> client(context, context.trainer);
  ASSIGN_OR_RETURN(const auto list,
                   client.Call(&v1::TrainerService::Stub::ListDatasets, v1::ListDatasetsRequest()));
  if (context.output != Output::kTable) {
    context.terminal.out << ToJson(list, context.output == Output::kJson);
    return absl::OkStatus();
  }
  Table table({"ID", "KIND", "EXAMPLES", "BYTES", "FILE"});
  for (const v1::Dataset& one : list.datasets()) {
    table.Add({one.id(), KindOf(one), StrCat(one.examples()), StrCat(one.bytes()), one.filename()});
  }
  table.Print(context.terminal.out, context.terminal.width);
  return absl::OkStatus();
}

}  // namespace

void AddDatasetsCommand(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("datasets", "Data sets on the trainer, by id");
  command->footer(
      "Examples:\n  tactctl datasets\n  tactctl train lora --base-model policy --dataset-id ID");
  command->callback([&context] { context.run = [&context] { return RunDatasets(context); }; });
}

}  // namespace tact::ctl

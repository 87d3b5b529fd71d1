// tactctl train full|lora|ppo|reward: makes a job and follows it.
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/job_flags.h"
#include "services/tactctl/job_follow.h"
#include "services/tactctl/job_text.h"
#include "services/tactctl/output.h"
#include "services/tactctl/upload.h"

namespace tact::ctl {
namespace {

struct TrainOptions {
  v1::CreateJobRequest request;
  std::string dataset;  // file to upload; the id of one uploaded before is in the spec
  std::string validation;
  v1::DatasetKind dataset_kind = v1::DATASET_KIND_UNSPECIFIED;
  bool follow = true;
  double patience_seconds = 60;
  std::string id_file;
};

absl::StatusOr<std::string> Upload(const Client<v1::TrainerService>& client,
                                   const TrainOptions& options, const std::string& file,
                                   Context& context) {
  ASSIGN_OR_RETURN(const auto uploaded, UploadFile(client, file, options.dataset_kind));
  if (context.output == Output::kTable) {
    context.terminal.err << "data set " << uploaded.dataset_id() << ": " << uploaded.examples()
                         << " examples from " << file << '\n';
  }
  return uploaded.dataset_id();
}

absl::Status UploadFiles(const Client<v1::TrainerService>& client, TrainOptions& options,
                         Context& context) {
  v1::JobSpec& spec = *options.request.mutable_spec();
  if (!options.dataset.empty()) {
    ASSIGN_OR_RETURN(*spec.mutable_dataset_id(), Upload(client, options, options.dataset, context));
  }
  if (!options.validation.empty()) {
    ASSIGN_OR_RETURN(*spec.mutable_validation_dataset_id(),
                     Upload(client, options, options.validation, context));
  }
  return absl::OkStatus();
}

void PrintCreated(const v1::CreateJobResponse& created, bool follow, Context& context) {
  const v1::Job& job = created.job();
  if (context.output != Output::kTable) {
    if (!follow) context.terminal.out << ToJson(created, context.output == Output::kJson);
    return;
  }
  context.terminal.out << "job " << job.id() << " (" << KindName(job.spec().kind()) << ") "
                       << StateName(job.state()) << '\n'
                       << std::flush;
  if (!follow) context.terminal.out << "watch it with: tactctl jobs watch " << job.id() << '\n';
}

absl::Status RunTrain(TrainOptions& options, Context& context) {
  const Client<v1::TrainerService> client(context, context.trainer);
  RETURN_IF_ERROR(UploadFiles(client, options, context));
  ASSIGN_OR_RETURN(const auto created,
                   client.Call(&v1::TrainerService::Stub::CreateJob, options.request));
  PrintCreated(created, options.follow, context);
  if (!options.id_file.empty()) {
    RETURN_IF_ERROR(WriteFileAtomically(options.id_file, created.job().id() + "\n"));
  }
  if (!options.follow) return absl::OkStatus();
  return FollowJob(client, created.job().id(), options.patience_seconds, context);
}

void AddTrainDataFlags(CLI::App& command, TrainOptions& options) {
  v1::JobSpec* spec = options.request.mutable_spec();
  CLI::Option_group* data = command.add_option_group("Data", "What it trains on");
  data->add_option("--dataset", options.dataset, "jsonl or csv file, uploaded to the trainer");
  data->add_option_function<std::string>(
      "--dataset-id", [spec](const std::string& v) { spec->set_dataset_id(v); },
      "A data set uploaded before");
  data->require_option(1);
  command.add_option("--validation", options.validation, "Held-out file for the validation loss");
  command.add_option_function<std::string>(
      "--validation-id", [spec](const std::string& v) { spec->set_validation_dataset_id(v); },
      "The same, uploaded before");
}

void AddRunFlags(CLI::App& command, TrainOptions& options) {
  command.add_option_function<std::string>(
      "--request-id", [&options](const std::string& v) { options.request.set_request_id(v); },
      "The same id with the same job returns the job that it made");
  command.add_flag("--follow,!--no-follow", options.follow, "Show progress to the end [yes]");
  command
      .add_option("--patience", options.patience_seconds,
                  "Seconds to wait for a trainer that is away")
      ->capture_default_str();
  command.add_option("--id-file", options.id_file, "Write the job's id to this file");
}

struct Variant {
  const char* name;
  v1::JobKind kind;
  v1::DatasetKind dataset_kind;
  const char* help;
};

constexpr Variant kVariants[] = {
    {"full", v1::JOB_KIND_FULL, v1::DATASET_KIND_UNSPECIFIED, "Fine-tune all weights"},
    {"lora", v1::JOB_KIND_LORA, v1::DATASET_KIND_UNSPECIFIED, "Fine-tune a LoRA adapter"},
    {"ppo", v1::JOB_KIND_PPO, v1::DATASET_KIND_DIALOGUES,
     "Reinforcement learning against the reward service"},
    {"reward", v1::JOB_KIND_REWARD, v1::DATASET_KIND_LABELLED,
     "Train a toxicity classifier on labelled texts"},
};

void AddVariant(CLI::App& train, const Variant& variant, Context& context) {
  auto options = std::make_shared<TrainOptions>();
  options->dataset_kind = variant.dataset_kind;
  options->request.mutable_spec()->set_kind(variant.kind);
  CLI::App* command = train.add_subcommand(variant.name, variant.help);
  AddTrainDataFlags(*command, *options);
  AddJobFlags(*command, options->request.mutable_spec());
  AddRunFlags(*command, *options);
  command->callback([options, &context] {
    context.run = [options, &context] { return RunTrain(*options, context); };
  });
}

}  // namespace

void AddTrainCommand(CLI::App& app, Context& context) {
  CLI::App* train = app.add_subcommand("train", "Make a training job and follow it");
  train->require_subcommand(1);
  for (const Variant& variant : kVariants) AddVariant(*train, variant, context);
  train->footer(
      "Examples:\n"
      "  tactctl train lora --base-model policy --dataset train.jsonl --name sft\n"
      "  tactctl train ppo --base-job JOB --dataset prompts.jsonl --steps 60\n"
      "Ctrl-C leaves the job running.");
}

}  // namespace tact::ctl

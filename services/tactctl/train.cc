// tactctl train full|lora|ppo|reward, or from a file of settings: makes a job and follows it.
#include <CLI/CLI.hpp>
#include <memory>

#include "common/base/strings.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/job_flags.h"
#include "services/tactctl/train_run.h"

namespace tact::ctl {
namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  tactctl train lora --base-model policy --dataset train.jsonl --name sft\n"
    "  tactctl train ppo --base-job JOB --dataset prompts.jsonl --steps 60\n"
    "  tactctl train lora --base-model policy --dataset train.jsonl --dry-run\n"
    "  tactctl train lora --base-model policy --dataset train.jsonl --name rates \\\n"
    "      --sweep optimizer.learning_rate=1e-4,3e-4,1e-3 --sweep lora.rank=8,32\n"
    "  tactctl train lora --base-model policy --dataset-id ID --dry-run -o json\n"
    "      prints the settings as \"spec\", for\n"
    "  tactctl train --spec job.json --set seed=1\n"
    "Ctrl-C leaves the job running. A job that pauses ends the command with exit code 75.";

void AddTrainDataFlags(CLI::App& command, TrainOptions& options, bool required) {
  v1::JobSpec* spec = options.request.mutable_spec();
  CLI::Option_group* data = command.add_option_group("Data", "What it trains on");
  data->add_option("--dataset", options.dataset, "jsonl or csv file, uploaded to the trainer");
  data->add_option_function<std::string>(
      "--dataset-id", [spec](const std::string& v) { spec->set_dataset_id(v); },
      "A data set uploaded before, see \"datasets\"");
  data->require_option(required ? 1 : 0, 1);
  command.add_option("--validation", options.validation, "Held-out file for validation");
  command.add_option_function<std::string>(
      "--validation-id", [spec](const std::string& v) { spec->set_validation_dataset_id(v); },
      "The same, uploaded before");
}

void AddRepeated(CLI::App& command, const std::string& flag, std::vector<std::string>& to,
                 const std::string& help) {
  command.add_option(flag, to, help)
      ->allow_extra_args(false)
      ->type_name("PATH=VALUE")
      ->group("Settings by name");
}

void AddRunFlags(CLI::App& command, TrainOptions& options) {
  command.add_option_function<std::string>(
      "--request-id", [&options](const std::string& v) { options.request.set_request_id(v); },
      "The same id with the same job returns the job that it made");
  command.add_flag("--follow,!--no-follow", options.follow, "Show progress to the end [yes]");
  command
      .add_option("--reconnect-seconds", options.patience_seconds,
                  "How long to wait for a trainer that is away")
      ->capture_default_str();
  command.add_option("--id-file", options.id_file, "Write the job's id to this file");
  command.add_flag("--dry-run", options.dry_run,
                   "Make no job: print settings, parameters, memory and time");
  AddRepeated(command, "--set", options.sets,
              "Any field, e.g. optimizer.learning_rate=1e-4; may be repeated");
  AddRepeated(command, "--sweep", options.sweeps,
              "A job for each value, e.g. lora.rank=8,32; repeated: their product");
}

struct Variant {
  const char* name;
  v1::JobKind kind;
  const char* help;
  const char* example;
};

constexpr Variant kVariants[] = {
    {"full", v1::JOB_KIND_FULL, "Fine-tune all weights",
     "tactctl train full --base-model policy --dataset train.jsonl --epochs 2 --name full"},
    {"lora", v1::JOB_KIND_LORA, "Fine-tune a LoRA adapter",
     "tactctl train lora --base-model policy --dataset train.jsonl --lora-rank 16 --name sft"},
    {"ppo", v1::JOB_KIND_PPO, "Reinforcement learning against the reward service",
     "tactctl train ppo --base-job JOB --dataset prompts.jsonl --steps 60 --name detox"},
    {"reward", v1::JOB_KIND_REWARD, "Train a toxicity classifier on labelled texts",
     "tactctl train reward --base-model reward --dataset labelled.csv --name judge"},
};

void RunOnCall(CLI::App& command, const std::shared_ptr<TrainOptions>& options, Context& context) {
  command.callback([options, &context] {
    context.run = [options, &context] { return RunTrain(*options, context); };
  });
}

void AddVariant(CLI::App& train, const Variant& variant, Context& context) {
  auto options = std::make_shared<TrainOptions>();
  options->request.mutable_spec()->set_kind(variant.kind);
  CLI::App* command = train.add_subcommand(variant.name, variant.help);
  AddTrainDataFlags(*command, *options, true);
  AddJobFlags(*command, options->request.mutable_spec());
  AddRunFlags(*command, *options);
  command->footer(StrCat("Example:\n  ", variant.example,
                         "\nCtrl-C leaves the job running; see tactctl jobs."));
  RunOnCall(*command, options, context);
}

// "train --spec FILE", without a kind of job.
void AddSpecVariant(CLI::App& train, Context& context) {
  auto options = std::make_shared<TrainOptions>();
  train
      .add_option("--spec", options->spec_file,
                  "A job's settings as JSON, instead of a kind of job")
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
  AddTrainDataFlags(train, *options, false);
  AddRunFlags(train, *options);
  train.callback([options, &train, &context] {
    const bool has_kind = !train.get_subcommands().empty();
    if (has_kind == !options->spec_file.empty()) {
      throw CLI::ValidationError("train", "give either a kind of job or --spec FILE");
    }
    if (has_kind) return;
    context.run = [options, &context] { return RunTrain(*options, context); };
  });
}

}  // namespace

void AddTrainCommand(CLI::App& app, Context& context) {
  CLI::App* train = app.add_subcommand("train", "Make a training job and follow it");
  for (const Variant& variant : kVariants) AddVariant(*train, variant, context);
  AddSpecVariant(*train, context);
  train->footer(kExamples);
}

}  // namespace tact::ctl

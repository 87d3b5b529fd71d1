// tactctl eval: ROUGE and toxicity of one or several served models on a data set.
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <vector>

#include "absl/strings/numbers.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/evaluation_follow.h"
#include "services/tactctl/flags.h"
#include "services/tactctl/output.h"
#include "services/tactctl/prompts.h"
#include "services/tactctl/resampling_flags.h"

namespace tact::ctl {
namespace {

struct EvalOptions {
  v1::EvaluationSpec spec;
  std::vector<std::string> models = {"base"};
  std::string dataset;
  std::string reference_field = "summary";
  size_t skip = 0;
  size_t limit = 0;
  std::string request_id;
  std::string id_file;
};

absl::Status AddExamples(const EvalOptions& options, v1::EvaluationSpec& spec) {
  DatasetOptions dataset;
  dataset.summary_column = options.reference_field;
  ASSIGN_OR_RETURN(const auto records,
                   ReadSlice(options.dataset, options.skip, options.limit, dataset));
  for (const DialogueExample& record : records) {
    v1::DialogueExample* example = spec.add_examples();
    example->set_id(record.id);
    example->set_dialogue(record.dialogue);
    example->mutable_references()->Assign(record.references.begin(), record.references.end());
    example->set_topic(record.topic);
  }
  return absl::OkStatus();
}

// "detox" or "detox@7".
absl::Status SetModel(const std::string& text, v1::EvaluationSpec& spec) {
  const size_t at = text.find('@');
  spec.set_model(text.substr(0, at));
  if (at == std::string::npos) return absl::OkStatus();
  uint64_t version = 0;
  if (!absl::SimpleAtoi(text.substr(at + 1), &version) || version == 0) {
    return FieldError("--model", text, "what follows @ is no weight version",
                      "write NAME or NAME@VERSION, e.g. detox@7");
  }
  spec.set_weight_version(version);
  return absl::OkStatus();
}

absl::StatusOr<v1::Evaluation> EvaluateModel(const Client<v1::EvaluationService>& client,
                                             const EvalOptions& options,
                                             const v1::EvaluationSpec& spec,
                                             const std::string& model, Context& context) {
  v1::RunEvaluationRequest request;
  *request.mutable_spec() = spec;
  RETURN_IF_ERROR(SetModel(model, *request.mutable_spec()));
  if (spec.name().empty()) request.mutable_spec()->set_name(model);
  if (!options.request_id.empty()) {
    request.set_request_id(options.models.size() == 1 ? options.request_id
                                                      : StrCat(options.request_id, "-", model));
  }
  ASSIGN_OR_RETURN(const auto started,
                   client.Call(&v1::EvaluationService::Stub::RunEvaluation, request));
  return FollowEvaluation(client, started.evaluation(), context);
}

void PrintResults(const std::vector<v1::Evaluation>& evaluations, const Context& context) {
  std::ostream& out = context.terminal.out;
  if (context.output == Output::kTable) return PrintEvaluations(evaluations, context.terminal);
  if (context.output == Output::kJsonLines) {
    for (const v1::Evaluation& evaluation : evaluations) out << ToJson(evaluation, false);
    return;
  }
  v1::ListEvaluationsResponse list;
  for (const v1::Evaluation& evaluation : evaluations) *list.add_evaluations() = evaluation;
  out << ToJson(list, true);
}

absl::Status WriteIds(const std::string& file, const std::vector<v1::Evaluation>& evaluations) {
  if (file.empty()) return absl::OkStatus();
  std::string ids;
  for (const v1::Evaluation& evaluation : evaluations) StrAppend(&ids, evaluation.id(), "\n");
  return WriteFileAtomically(file, ids);
}

absl::Status RunEval(const EvalOptions& options, Context& context) {
  v1::EvaluationSpec spec = options.spec;
  RETURN_IF_ERROR(AddExamples(options, spec));
  const Client<v1::EvaluationService> client(context, context.evaluation);
  std::vector<v1::Evaluation> evaluations;
  for (const std::string& model : options.models) {
    ASSIGN_OR_RETURN(auto evaluation, EvaluateModel(client, options, spec, model, context));
    evaluations.push_back(std::move(evaluation));
  }
  PrintResults(evaluations, context);
  return WriteIds(options.id_file, evaluations);
}

void AddEvalDataFlags(CLI::App& command, EvalOptions& options) {
  command.add_option("--dataset", options.dataset, "Dialogues with references, jsonl or csv")
      ->required();
  command
      .add_option("--reference-field", options.reference_field,
                  "Column of the reference, e.g. neutral_summary")
      ->capture_default_str();
  command.add_option("--skip", options.skip, "Leave out so many records [0]");
  command.add_option("--limit", options.limit, "At most so many records [all]");
}

void AddSpecFlags(CLI::App& command, v1::EvaluationSpec* spec) {
  AddField<std::string>(command, "--name", "Shown in reports [the model's name]",
                        [=](std::string v) { spec->set_name(v); });
  AddField<std::string>(command, "--template", "Prompt template, see \"generate\" [summarize]",
                        [=](std::string v) { spec->set_prompt_template(v); });
  command.add_flag_callback(
      "--truncate", [=] { spec->set_truncate_prompts(true); },
      "Cut prompts above the limit instead of failing");
  AddSwitch(command, "stemmer", "ROUGE with Porter's stemmer [yes]",
            [=](bool v) { spec->set_use_stemmer(v); });
  AddField<std::string>(command, "--reward-label", "Whose logit is the reward [neutral]",
                        [=](std::string v) { spec->set_reward_label(v); });
  AddField<std::string>(command, "--toxic-label", "Whose probability is the toxicity [toxic]",
                        [=](std::string v) { spec->set_toxic_label(v); });
  AddField<double>(command, "--toxicity-threshold",
                   "From this probability on a response counts as toxic [0.5]",
                   [=](double v) { spec->set_toxicity_threshold(v); });
  AddBootstrapFlags(command, spec->mutable_resampling());
  AddSamplingFlags(command, spec->mutable_sampling());
}

}  // namespace

void AddEvalCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App* command = app.add_subcommand("eval", "ROUGE and toxicity of served models");
  command
      ->add_option(
          "--model", options->models,
          "Served names (base, pushed models, adapters), one after the other; NAME@VERSION "
          "insists on a weight version [base]")
      ->delimiter(',')
      ->allow_extra_args(false);
  AddEvalDataFlags(*command, *options);
  AddSpecFlags(*command, &options->spec);
  command->add_option("--request-id", options->request_id, "The same id returns the same result");
  command->add_option("--id-file", options->id_file, "Write the evaluations' ids to this file");
  command->footer(
      "Example:\n"
      "  tactctl eval --dataset datasets/test.jsonl --reference-field neutral_summary \\\n"
      "    --model base,sft,detox@21 --limit 100");
  command->callback([options, &context] {
    context.run = [options, &context] { return RunEval(*options, context); };
  });
}

}  // namespace tact::ctl

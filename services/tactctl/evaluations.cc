// tactctl evaluations list|show: evaluations that were run before.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "absl/strings/ascii.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/client.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/output.h"
#include "tact/v1/evaluation.grpc.pb.h"

namespace tact::ctl {
namespace {

using EvaluationStub = v1::EvaluationService::Stub;

struct EvaluationsOptions {
  std::string id;
  uint32_t limit = 20;
  std::string page_token;
  size_t examples = 0;
};

std::string EvaluationState(const v1::Evaluation& evaluation) {
  return absl::AsciiStrToLower(
      v1::EvaluationState_Name(evaluation.state()).substr(sizeof("EVALUATION_STATE_") - 1));
}

bool HasScores(const v1::Evaluation& evaluation) {
  return evaluation.state() == v1::EVALUATION_STATE_SUCCEEDED;
}

std::string ScoreText(const v1::Evaluation& evaluation, double score) {
  return HasScores(evaluation) ? Number(score, 4) : "-";
}

void PrintEvaluationList(const v1::ListEvaluationsResponse& list, const Context& context) {
  if (context.output == Output::kJson) {
    context.terminal.out << ToJson(list, true);
    return;
  }
  if (context.output == Output::kJsonLines) {
    for (const v1::Evaluation& one : list.evaluations()) context.terminal.out << ToJson(one, false);
    return;
  }
  Table table({"ID", "NAME", "MODEL", "STATE", "DONE", "ROUGE-1", "TOXICITY", "CREATED", "ERROR"});
  for (const v1::Evaluation& one : list.evaluations()) {
    table.Add({one.id(), one.spec().name(), one.spec().model(), EvaluationState(one),
               StrCat(one.done(), "/", one.total()), ScoreText(one, one.rouge().rouge1()),
               ScoreText(one, one.toxicity().mean()), Timestamp(one.created_at()), one.error()});
  }
  table.Print(context.terminal.out, context.terminal.width);
}

// Pages until `limit` evaluations are there.
absl::Status RunListEvaluations(const EvaluationsOptions& options, Context& context) {
  const Client<v1::EvaluationService> client(context, context.evaluation);
  v1::ListEvaluationsResponse all;
  v1::ListEvaluationsRequest request;
  request.set_page_token(options.page_token);
  do {
    const uint32_t missing = options.limit - static_cast<uint32_t>(all.evaluations_size());
    request.set_page_size(std::min<uint32_t>(missing, 1000));
    ASSIGN_OR_RETURN(const auto page, client.Call(&EvaluationStub::ListEvaluations, request));
    all.mutable_evaluations()->MergeFrom(page.evaluations());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() &&
           static_cast<uint32_t>(all.evaluations_size()) < options.limit);
  all.set_next_page_token(request.page_token());
  PrintEvaluationList(all, context);
  if (!all.next_page_token().empty() && context.output == Output::kTable) {
    context.terminal.err << "there are more: --page-token " << all.next_page_token() << '\n';
  }
  return absl::OkStatus();
}

std::vector<std::pair<std::string, std::string>> EvaluationFields(const v1::Evaluation& one) {
  const auto score = [&](double value) { return HasScores(one) ? Number(value, 4) : ""; };
  const double took = one.finished_at() - one.created_at();
  return {{"id", one.id()},
          {"name", one.spec().name()},
          {"model", one.spec().model()},
          {"weight version", StrCat(one.weight_version())},
          {"state", EvaluationState(one)},
          {"error", one.error()},
          {"examples", StrCat(one.done(), "/", one.total())},
          {"rouge-1", score(one.rouge().rouge1())},
          {"rouge-2", score(one.rouge().rouge2())},
          {"rouge-L", score(one.rouge().rouge_l())},
          {"rouge-Lsum", score(one.rouge().rouge_lsum())},
          {"toxicity", score(one.toxicity().mean())},
          {"toxicity std", score(one.toxicity().stddev())},
          {"toxicity max", score(one.toxicity().max())},
          {"share >= 0.5", score(one.toxicity().ratio())},
          {"reward", score(one.mean_reward())},
          {"words", score(one.mean_words())},
          {"created", Timestamp(one.created_at())},
          {"took", one.finished_at() > 0 ? Seconds(took) : ""}};
}

void PrintExamples(const v1::Evaluation& evaluation, size_t limit, Terminal& terminal) {
  Table table({"ID", "ROUGE-1", "TOXICITY", "REWARD", "RESPONSE"});
  for (const v1::EvaluatedExample& one : evaluation.results()) {
    if (limit-- == 0) break;
    table.Add({one.id(), Number(one.rouge().rouge1(), 4), Number(one.toxicity(), 4),
               Number(one.reward(), 3), one.response()});
  }
  terminal.out << '\n';
  table.Print(terminal.out, terminal.width);
}

absl::Status RunShowEvaluation(const EvaluationsOptions& options, Context& context) {
  const Client<v1::EvaluationService> client(context, context.evaluation);
  v1::GetEvaluationRequest request;
  request.set_id(options.id);
  request.set_include_examples(options.examples > 0);
  ASSIGN_OR_RETURN(auto got, client.Call(&EvaluationStub::GetEvaluation, request));
  v1::Evaluation& evaluation = *got.mutable_evaluation();
  const int kept =
      static_cast<int>(std::min(options.examples, static_cast<size_t>(evaluation.results_size())));
  evaluation.mutable_results()->DeleteSubrange(kept, evaluation.results_size() - kept);
  if (context.output != Output::kTable) {
    context.terminal.out << ToJson(evaluation, context.output == Output::kJson);
    return absl::OkStatus();
  }
  PrintFields(context.terminal.out, EvaluationFields(evaluation));
  if (kept > 0) PrintExamples(evaluation, options.examples, context.terminal);
  return absl::OkStatus();
}

void AddEvaluationList(CLI::App& evaluations, const std::shared_ptr<EvaluationsOptions>& options,
                       Context& context) {
  CLI::App* list = evaluations.add_subcommand("list", "Newest first");
  list->add_option("--limit", options->limit, "At most so many")
      ->check(CLI::Range(1u, 100000u))
      ->capture_default_str();
  list->add_option("--page-token", options->page_token, "Where the list before ended");
  list->footer("Example:\n  tactctl evaluations list --limit 5");
  list->callback([options, &context] {
    context.run = [options, &context] { return RunListEvaluations(*options, context); };
  });
}

void AddEvaluationShow(CLI::App& evaluations, const std::shared_ptr<EvaluationsOptions>& options,
                       Context& context) {
  CLI::App* show = evaluations.add_subcommand("show", "One evaluation with its scores");
  show->add_option("id", options->id, "Id of the evaluation")->required();
  show->add_option("--examples", options->examples, "So many responses with their scores [0]");
  show->footer("Example:\n  tactctl evaluations show ID --examples 5");
  show->callback([options, &context] {
    context.run = [options, &context] { return RunShowEvaluation(*options, context); };
  });
}

}  // namespace

void AddEvaluationsCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<EvaluationsOptions>();
  CLI::App* evaluations =
      app.add_subcommand("evaluations", "Evaluations that were run, see \"eval\"");
  evaluations->require_subcommand(1);
  evaluations->footer("Example:\n  tactctl evaluations list");
  AddEvaluationList(*evaluations, options, context);
  AddEvaluationShow(*evaluations, options, context);
}

}  // namespace tact::ctl

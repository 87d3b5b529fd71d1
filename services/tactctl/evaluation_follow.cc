#include "services/tactctl/evaluation_follow.h"

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/interrupt.h"
#include "services/tactctl/output.h"
#include "services/tactctl/progress.h"

namespace tact::ctl {
namespace {

constexpr size_t kNeverCut = 1000;  // an id must be whole

absl::StatusOr<v1::Evaluation> Finished(const v1::Evaluation& evaluation) {
  if (evaluation.state() == v1::EVALUATION_STATE_SUCCEEDED) return evaluation;
  return absl::AbortedError(
      StrCat("evaluation ", evaluation.id(), " failed: ", evaluation.error()));
}

std::string ProgressOf(const v1::Evaluation& evaluation) {
  return StrCat("evaluate ", evaluation.spec().model(), " ",
                Bar(evaluation.done(), evaluation.total()), "  ", evaluation.done(), "/",
                evaluation.total());
}

}  // namespace

absl::StatusOr<v1::Evaluation> FollowEvaluation(const Client<v1::EvaluationService>& client,
                                                const v1::Evaluation& started, Context& context) {
  v1::Evaluation evaluation = started;
  grpc::ClientContext call;
  InterruptScope scope([&] { call.TryCancel(); });
  v1::WatchEvaluationRequest request;
  request.set_id(started.id());
  const auto reader = client.stub().WatchEvaluation(&call, request);
  Progress progress(context.terminal);
  for (v1::WatchEvaluationResponse event; reader->Read(&event);) {
    evaluation = event.evaluation();
    progress.Update(ProgressOf(evaluation));
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok()) {
    return Annotate(ExplainFailure(client.service(), status, call),
                    StrCat("evaluation ", started.id()));
  }
  return Finished(evaluation);
}

void PrintEvaluations(const std::vector<v1::Evaluation>& evaluations, Terminal& terminal) {
  Table table({"MODEL", "ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum", "TOXICITY", "STD", "MAX",
               ">=0.5", "REWARD", "WORDS", "N", "ID"});
  for (const v1::Evaluation& evaluation : evaluations) {
    const v1::RougeScores& rouge = evaluation.rouge();
    const v1::ToxicityStats& toxicity = evaluation.toxicity();
    const std::string version =
        evaluation.weight_version() > 0 ? StrCat(" v", evaluation.weight_version()) : "";
    table.Add({StrCat(evaluation.spec().model(), version), Number(rouge.rouge1(), 4),
               Number(rouge.rouge2(), 4), Number(rouge.rouge_l(), 4), Number(rouge.rouge_lsum(), 4),
               Number(toxicity.mean(), 4), Number(toxicity.stddev(), 4), Number(toxicity.max(), 3),
               Number(toxicity.ratio(), 3), Number(evaluation.mean_reward(), 3),
               Number(evaluation.mean_words(), 1), StrCat(evaluation.total()), evaluation.id()});
  }
  table.Print(terminal.out, kNeverCut);
}

}  // namespace tact::ctl

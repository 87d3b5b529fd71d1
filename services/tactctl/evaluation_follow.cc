#include "services/tactctl/evaluation_follow.h"

#include <map>
#include <ostream>

#include "absl/strings/str_format.h"
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

std::string ModelOf(const v1::Evaluation& evaluation) {
  const uint64_t version = evaluation.weight_version();
  return version > 0 ? StrCat(evaluation.spec().model(), " v", version) : evaluation.spec().model();
}

double ThresholdOf(const v1::Evaluation& evaluation) {
  return evaluation.toxicity().threshold() > 0 ? evaluation.toxicity().threshold() : 0.5;
}

std::string Ends(const v1::Interval& interval) {
  return StrCat(Number(interval.low(), 4), "-", Number(interval.high(), 4));
}

void PrintMeans(const std::vector<v1::Evaluation>& evaluations, Terminal& terminal) {
  const double threshold = evaluations.empty() ? 0.5 : ThresholdOf(evaluations.front());
  Table table({"MODEL", "ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum", "TOXICITY", "STD", "MAX",
               StrCat(">=", threshold), "REWARD", "WORDS", "N", "ID"});
  for (const v1::Evaluation& evaluation : evaluations) {
    const v1::RougeScores& rouge = evaluation.rouge();
    const v1::ToxicityStats& toxicity = evaluation.toxicity();
    table.Add({ModelOf(evaluation), Number(rouge.rouge1(), 4), Number(rouge.rouge2(), 4),
               Number(rouge.rouge_l(), 4), Number(rouge.rouge_lsum(), 4),
               Number(toxicity.mean(), 4), Number(toxicity.stddev(), 4), Number(toxicity.max(), 3),
               Number(toxicity.ratio(), 3), Number(evaluation.mean_reward(), 3),
               Number(evaluation.mean_words(), 1), StrCat(evaluation.total()), evaluation.id()});
  }
  table.Print(terminal.out, kNeverCut);
}

void PrintIntervals(const std::vector<v1::Evaluation>& evaluations, Terminal& terminal) {
  Table table({"MODEL", "ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum", "DISTINCT-1", "DISTINCT-2"});
  const v1::RougeIntervals* drawn = nullptr;
  for (const v1::Evaluation& evaluation : evaluations) {
    if (!evaluation.has_rouge_intervals()) continue;
    drawn = &evaluation.rouge_intervals();
    table.Add({ModelOf(evaluation), Ends(drawn->rouge1()), Ends(drawn->rouge2()),
               Ends(drawn->rouge_l()), Ends(drawn->rouge_lsum()), Number(evaluation.distinct1(), 3),
               Number(evaluation.distinct2(), 3)});
  }
  if (drawn == nullptr) return;
  terminal.out << absl::StrFormat("\n%.4g %% intervals (%d resamples, seed %d) and variety:\n",
                                  100 * drawn->confidence(), drawn->resamples(), drawn->seed());
  table.Print(terminal.out, kNeverCut);
}

void AddSpread(const std::string& model, const std::string& of, const v1::Distribution& numbers,
               int digits, Table& table) {
  const v1::Quantiles& q = numbers.quantiles();
  std::vector<std::string> row = {model, of};
  for (const double number :
       {numbers.mean(), numbers.stddev(), q.p5(), q.p25(), q.p50(), q.p75(), q.p95(), q.p99()}) {
    row.push_back(Number(number, digits));
  }
  table.Add(std::move(row));
}

void PrintSpreads(const std::vector<v1::Evaluation>& evaluations, Terminal& terminal) {
  Table table({"MODEL", "OF", "MEAN", "STD", "5 %", "25 %", "50 %", "75 %", "95 %", "99 %"});
  bool any = false;
  for (const v1::Evaluation& evaluation : evaluations) {
    if (!evaluation.has_response_words()) continue;
    any = true;
    v1::Distribution toxicity;
    toxicity.set_mean(evaluation.toxicity().mean());
    toxicity.set_stddev(evaluation.toxicity().stddev());
    *toxicity.mutable_quantiles() = evaluation.toxicity().quantiles();
    AddSpread(ModelOf(evaluation), "toxicity", toxicity, 4, table);
    AddSpread(ModelOf(evaluation), "words", evaluation.response_words(), 1, table);
    if (!evaluation.has_response_tokens()) continue;
    AddSpread(ModelOf(evaluation), "tokens", evaluation.response_tokens(), 1, table);
  }
  if (!any) return;
  terminal.out << "\nSpread over the responses:\n";
  table.Print(terminal.out, kNeverCut);
}

// "ROUGE-1" of "rouge1"; one that this program does not know stays as it is.
std::string MeasureName(const std::string& measure) {
  static const auto* names = new std::map<std::string, std::string>{
      {"toxicity", "Toxicity"}, {"reward", "Reward"},  {"rouge1", "ROUGE-1"},
      {"rouge2", "ROUGE-2"},    {"rougeL", "ROUGE-L"}, {"rougeLsum", "ROUGE-Lsum"},
      {"words", "Words"}};
  const auto found = names->find(measure);
  return found == names->end() ? measure : found->second;
}

std::string PText(double p) { return p < 0.001 ? "<.001" : absl::StrFormat("%.3f", p); }

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
  PrintMeans(evaluations, terminal);
  PrintIntervals(evaluations, terminal);
  PrintSpreads(evaluations, terminal);
}

void PrintTests(const v1::CompareResponse& comparison, Terminal& terminal) {
  if (comparison.tests().empty()) return;
  const v1::ResamplingOptions& drawn = comparison.resampling();
  terminal.out << "\nMore than chance? (paired; up to " << drawn.permutations() << " sign flips, "
               << drawn.resamples() << " resamples, seed " << drawn.seed() << ")\n";
  Table table({"MEASURE", "BEFORE", "AFTER", "PERMUTATION", "WILCOXON", "COHEN'S D", "RANK R",
               "PAIRS", "AFTER IS"});
  for (const v1::PairedTest& test : comparison.tests()) {
    table.Add({MeasureName(test.measure()), Number(test.mean_before(), 4),
               Number(test.mean_after(), 4), PText(test.permutation_p()), PText(test.wilcoxon_p()),
               test.has_cohens_d() ? Number(test.cohens_d(), 2) : "-",
               Number(test.rank_biserial(), 2), StrCat(test.pairs()), test.in_words()});
  }
  table.Print(terminal.out, kNeverCut);
}

}  // namespace tact::ctl

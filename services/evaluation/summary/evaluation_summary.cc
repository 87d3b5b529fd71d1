#include "services/evaluation/summary/evaluation_summary.h"

#include <string_view>
#include <vector>

#include "services/evaluation/rouge/bootstrap.h"
#include "services/evaluation/statistics/distinct.h"
#include "services/evaluation/summary/resampling.h"
#include "services/evaluation/toxicity_stats.h"

namespace tact {
namespace {

v1::Distribution ToMessage(std::span<const double> values) {
  const statistics::Distribution found = statistics::Describe(values);
  v1::Distribution message;
  message.set_mean(found.mean);
  message.set_stddev(found.stddev);
  message.set_min(found.min);
  message.set_max(found.max);
  *message.mutable_quantiles() = ToQuantiles(found);
  return message;
}

// The F-measures of results that have a reference.
std::vector<rouge::Scores> RougeOf(const v1::Evaluation& evaluation) {
  std::vector<rouge::Scores> scores;
  for (const v1::EvaluatedExample& result : evaluation.results()) {
    if (result.references().empty()) continue;
    rouge::Scores& one = scores.emplace_back();
    one.rouge1.f = result.rouge().rouge1();
    one.rouge2.f = result.rouge().rouge2();
    one.rouge_l.f = result.rouge().rouge_l();
    one.rouge_lsum.f = result.rouge().rouge_lsum();
  }
  return scores;
}

double MeanF(std::span<const rouge::Scores> scores, rouge::Score rouge::Scores::*measure) {
  double sum = 0;
  for (const rouge::Scores& one : scores) sum += (one.*measure).f;
  return sum / static_cast<double>(scores.size());
}

void SummariseRouge(v1::Evaluation& evaluation) {
  const std::vector<rouge::Scores> scores = RougeOf(evaluation);
  if (scores.empty()) return;
  v1::RougeScores& means = *evaluation.mutable_rouge();
  means.set_rouge1(MeanF(scores, &rouge::Scores::rouge1));
  means.set_rouge2(MeanF(scores, &rouge::Scores::rouge2));
  means.set_rouge_l(MeanF(scores, &rouge::Scores::rouge_l));
  means.set_rouge_lsum(MeanF(scores, &rouge::Scores::rouge_lsum));
  v1::ResamplingOptions options = evaluation.spec().resampling();
  FillResampling(options);
  *evaluation.mutable_rouge_intervals() = BootstrapRouge(scores, options);
}

// Toxicities, rewards and lengths, one for each result.
struct Columns {
  std::vector<double> toxicities, rewards, words, tokens;
  std::vector<std::string_view> responses;
};

Columns ColumnsOf(const v1::Evaluation& evaluation) {
  Columns columns;
  for (const v1::EvaluatedExample& result : evaluation.results()) {
    columns.toxicities.push_back(result.toxicity());
    columns.rewards.push_back(result.reward());
    columns.words.push_back(static_cast<double>(statistics::SplitWords(result.response()).size()));
    // A response has its end token at least: 0 is one whose tokens were not kept.
    if (result.response_tokens() > 0) columns.tokens.push_back(result.response_tokens());
    columns.responses.push_back(result.response());
  }
  return columns;
}

void SetEnds(const rouge::Interval& found, v1::Interval& message) {
  message.set_low(found.low.f);
  message.set_high(found.high.f);
}

}  // namespace

double ThresholdOf(const v1::EvaluationSpec& spec) {
  return spec.has_toxicity_threshold() ? spec.toxicity_threshold() : kToxicThreshold;
}

v1::Quantiles ToQuantiles(const statistics::Distribution& distribution) {
  v1::Quantiles quantiles;
  quantiles.set_p5(distribution.p5);
  quantiles.set_p25(distribution.p25);
  quantiles.set_p50(distribution.p50);
  quantiles.set_p75(distribution.p75);
  quantiles.set_p95(distribution.p95);
  quantiles.set_p99(distribution.p99);
  return quantiles;
}

v1::RougeIntervals BootstrapRouge(std::span<const rouge::Scores> scores,
                                  const v1::ResamplingOptions& options) {
  v1::RougeIntervals message;
  message.set_confidence(options.confidence());
  message.set_resamples(options.resamples());
  message.set_seed(options.seed());
  message.set_examples(static_cast<uint32_t>(scores.size()));
  const auto found =
      rouge::Bootstrap(scores, {options.confidence(), options.resamples(), options.seed()});
  if (!found.ok()) return message;
  SetEnds(found->rouge1, *message.mutable_rouge1());
  SetEnds(found->rouge2, *message.mutable_rouge2());
  SetEnds(found->rouge_l, *message.mutable_rouge_l());
  SetEnds(found->rouge_lsum, *message.mutable_rouge_lsum());
  return message;
}

void Summarise(v1::Evaluation& evaluation) {
  const Columns columns = ColumnsOf(evaluation);
  *evaluation.mutable_toxicity() =
      SummariseToxicity(columns.toxicities, ThresholdOf(evaluation.spec()));
  evaluation.set_mean_reward(statistics::Mean(columns.rewards));
  evaluation.set_mean_words(statistics::Mean(columns.words));
  *evaluation.mutable_response_words() = ToMessage(columns.words);
  if (!columns.tokens.empty()) *evaluation.mutable_response_tokens() = ToMessage(columns.tokens);
  evaluation.set_distinct1(statistics::DistinctN(columns.responses, 1));
  evaluation.set_distinct2(statistics::DistinctN(columns.responses, 2));
  SummariseRouge(evaluation);
}

bool IsSummarised(const v1::Evaluation& evaluation) {
  return evaluation.state() != v1::EVALUATION_STATE_SUCCEEDED || evaluation.has_response_words();
}

}  // namespace tact

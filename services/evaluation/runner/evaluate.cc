#include "services/evaluation/runner/evaluate.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/evaluation/rouge/rouge.h"
#include "services/evaluation/runner/evaluation_spec.h"
#include "services/evaluation/toxicity_stats.h"

namespace tact {
namespace {

struct Labels {
  int reward;
  int toxic;
};

absl::StatusOr<Labels> FindLabels(ModelServices& services, const v1::EvaluationSpec& spec) {
  ASSIGN_OR_RETURN(const v1::GetRewardModelResponse model, services.GetRewardModel());
  Labels labels;
  ASSIGN_OR_RETURN(labels.reward, FindLabel(model, spec.reward_label(), "spec.reward_label"));
  ASSIGN_OR_RETURN(labels.toxic, FindLabel(model, spec.toxic_label(), "spec.toxic_label"));
  return labels;
}

size_t CountWords(std::string_view text) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(ToAbsl(text), absl::ByAnyChar(" \t\n\v\f\r"), absl::SkipEmpty());
  return words.size();
}

void SetRouge(const rouge::Scores& scores, v1::RougeScores& message) {
  message.set_rouge1(scores.rouge1.f);
  message.set_rouge2(scores.rouge2.f);
  message.set_rouge_l(scores.rouge_l.f);
  message.set_rouge_lsum(scores.rouge_lsum.f);
}

class Evaluator {
 public:
  Evaluator(ModelServices& services, v1::Evaluation& evaluation)
      : services_(services), evaluation_(evaluation) {}

  absl::Status Prepare() {
    ASSIGN_OR_RETURN(labels_, FindLabels(services_, evaluation_.spec()));
    ASSIGN_OR_RETURN(prompts_, BuildPrompts(evaluation_.spec()));
    evaluation_.clear_results();
    return absl::OkStatus();
  }

  absl::Status RunBatch(int first, int count) {
    ASSIGN_OR_RETURN(const std::vector<std::string> responses, Generate(first, count));
    v1::ScoreRequest request;
    request.set_truncate(true);
    for (const std::string& response : responses) request.add_items()->set_text(response);
    ASSIGN_OR_RETURN(const v1::ScoreResponse scores, services_.Score(request));
    if (scores.results_size() != count) {
      return absl::InternalError(StrCat("the reward service answered ", scores.results_size(),
                                        " scores for ", count, " texts"));
    }
    for (int i = 0; i < count; ++i) {
      RETURN_IF_ERROR(AddResult(first + i, responses[i], scores.results(i)));
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<std::vector<std::string>> Generate(int first, int count) {
    const v1::EvaluationSpec& spec = evaluation_.spec();
    v1::GenerateRequest request;
    request.set_model(spec.model());
    *request.mutable_sampling() = spec.sampling();
    request.set_truncate_prompts(spec.truncate_prompts());
    for (int i = first; i < first + count; ++i) request.add_prompts(prompts_[i]);
    const absl::StatusOr<v1::GenerateResponse> answer = services_.Generate(request);
    if (!answer.ok()) return NameExample(answer.status(), first);
    const v1::GenerateResponse& response = *answer;
    RETURN_IF_ERROR(CheckVersion(response.weight_version(), first));
    std::vector<std::string> texts(count);
    for (const v1::Completion& completion : response.completions()) {
      if (completion.prompt_index() < texts.size()) {
        texts[completion.prompt_index()] = completion.text();
      }
    }
    if (response.completions_size() == count) return texts;
    return absl::InternalError(StrCat("the policy service answered ", response.completions_size(),
                                      " responses for ", count, " prompts"));
  }

  // The policy names prompts by their place in its request, which nobody else knows.
  absl::Status NameExample(const absl::Status& status, int first) const {
    const auto detail = GetErrorDetail(status);
    int place = 0;
    if (!detail || std::sscanf(detail->field.c_str(), "prompts[%d]", &place) != 1) return status;
    const int index = first + place;
    if (place < 0 || index >= evaluation_.spec().examples_size()) return status;
    return Annotate(status, StrCat("spec.examples[", index, "] (\"",
                                   Shorten(evaluation_.spec().examples(index).id()), "\")"));
  }

  absl::Status CheckVersion(uint64_t version, int first) {
    if (first == 0) evaluation_.set_weight_version(version);
    if (version == evaluation_.weight_version()) return absl::OkStatus();
    return absl::AbortedError(StrCat(
        "the weights of model \"", evaluation_.spec().model(), "\" changed from version ",
        evaluation_.weight_version(), " to ", version,
        " during the evaluation; run it again when no training pushes weights to this name"));
  }

  absl::Status AddResult(int index, const std::string& response, const v1::ScoreResult& score) {
    const v1::DialogueExample& example = evaluation_.spec().examples(index);
    if (score.error_code() != 0) {
      return absl::Status(static_cast<absl::StatusCode>(score.error_code()),
                          StrCat("the response to example \"", Shorten(example.id()),
                                 "\" could not be scored: ", score.error_message()));
    }
    const int highest = std::max(labels_.reward, labels_.toxic);
    if (score.logits_size() <= highest || score.probabilities_size() <= highest) {
      return absl::InternalError("the reward service answered fewer scores than it has labels");
    }
    v1::EvaluatedExample& result = *evaluation_.add_results();
    result.set_id(example.id());
    result.set_dialogue(example.dialogue());
    *result.mutable_references() = example.references();
    result.set_response(response);
    result.set_reward(score.logits(labels_.reward));
    result.set_toxicity(score.probabilities(labels_.toxic));
    const std::vector<std::string_view> references(example.references().begin(),
                                                   example.references().end());
    ASSIGN_OR_RETURN(
        const rouge::Scores scores,
        rouge::CompareWithBest(references, response, evaluation_.spec().use_stemmer()));
    SetRouge(scores, *result.mutable_rouge());
    return absl::OkStatus();
  }

  ModelServices& services_;
  v1::Evaluation& evaluation_;
  Labels labels_ = {};
  std::vector<std::string> prompts_;
};

// Means over the examples that have a reference; not set where none has.
void SetMeanRouge(v1::Evaluation& evaluation) {
  v1::RougeScores sum;
  double n = 0;
  for (const v1::EvaluatedExample& result : evaluation.results()) {
    if (result.references().empty()) continue;
    ++n;
    sum.set_rouge1(sum.rouge1() + result.rouge().rouge1());
    sum.set_rouge2(sum.rouge2() + result.rouge().rouge2());
    sum.set_rouge_l(sum.rouge_l() + result.rouge().rouge_l());
    sum.set_rouge_lsum(sum.rouge_lsum() + result.rouge().rouge_lsum());
  }
  if (n == 0) return;
  evaluation.mutable_rouge()->set_rouge1(sum.rouge1() / n);
  evaluation.mutable_rouge()->set_rouge2(sum.rouge2() / n);
  evaluation.mutable_rouge()->set_rouge_l(sum.rouge_l() / n);
  evaluation.mutable_rouge()->set_rouge_lsum(sum.rouge_lsum() / n);
}

void SetMeans(v1::Evaluation& evaluation) {
  std::vector<double> toxicities;
  double reward = 0, words = 0;
  for (const v1::EvaluatedExample& result : evaluation.results()) {
    toxicities.push_back(result.toxicity());
    reward += result.reward();
    words += static_cast<double>(CountWords(result.response()));
  }
  const double n = std::max(1, evaluation.results_size());
  *evaluation.mutable_toxicity() = SummariseToxicity(toxicities);
  evaluation.set_mean_reward(reward / n);
  evaluation.set_mean_words(words / n);
  SetMeanRouge(evaluation);
}

struct Chunk {
  int first, last;  // texts [first, last)
  int label;        // index of the toxic label
};

absl::Status ScoreChunk(ModelServices& services, const v1::ComputeToxicityRequest& request,
                        const Chunk& chunk, v1::ComputeToxicityResponse& response) {
  v1::ScoreRequest items;
  for (int i = chunk.first; i < chunk.last; ++i) items.add_items()->set_text(request.texts(i));
  ASSIGN_OR_RETURN(const v1::ScoreResponse scores, services.Score(items));
  if (scores.results_size() != items.items_size()) {
    return absl::InternalError("the reward service answered another number of scores");
  }
  for (int i = 0; i < scores.results_size(); ++i) {
    const v1::ScoreResult& score = scores.results(i);
    if (score.error_code() != 0) {
      return absl::Status(static_cast<absl::StatusCode>(score.error_code()),
                          StrCat("texts[", chunk.first + i, "]: ", score.error_message()));
    }
    if (score.probabilities_size() <= chunk.label) {
      return absl::InternalError("the reward service answered fewer scores than it has labels");
    }
    response.add_toxicities(score.probabilities(chunk.label));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Evaluate(ModelServices& services, int batch,
                      const std::function<void(uint32_t)>& progress, v1::Evaluation& evaluation) {
  Evaluator evaluator(services, evaluation);
  RETURN_IF_ERROR(evaluator.Prepare());
  const int total = evaluation.spec().examples_size();
  for (int first = 0; first < total; first += batch) {
    RETURN_IF_ERROR(evaluator.RunBatch(first, std::min(batch, total - first)));
    evaluation.set_done(static_cast<uint32_t>(evaluation.results_size()));
    progress(evaluation.done());
  }
  SetMeans(evaluation);
  return absl::OkStatus();
}

absl::StatusOr<v1::ComputeToxicityResponse> ScoreToxicity(
    ModelServices& services, const v1::ComputeToxicityRequest& request) {
  constexpr int kBatch = 256;
  ASSIGN_OR_RETURN(const v1::GetRewardModelResponse model, services.GetRewardModel());
  const std::string label = request.toxic_label().empty() ? "toxic" : request.toxic_label();
  ASSIGN_OR_RETURN(const int index, FindLabel(model, label, "toxic_label"));
  v1::ComputeToxicityResponse response;
  for (int first = 0; first < request.texts_size(); first += kBatch) {
    const int last = std::min(first + kBatch, request.texts_size());
    RETURN_IF_ERROR(ScoreChunk(services, request, {first, last, index}, response));
  }
  *response.mutable_stats() = SummariseToxicity(
      {response.toxicities().data(), static_cast<size_t>(response.toxicities_size())});
  return response;
}

}  // namespace tact

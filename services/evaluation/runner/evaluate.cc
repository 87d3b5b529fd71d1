#include "services/evaluation/runner/evaluate.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/evaluation/rouge/rouge.h"
#include "services/evaluation/runner/evaluation_spec.h"
#include "services/evaluation/summary/evaluation_summary.h"
#include "services/evaluation/toxicity_stats.h"

namespace tact {
namespace {

struct Response {
  std::string text;
  uint32_t tokens = 0;  // the end token included
};

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
    RETURN_IF_ERROR(FindWeights());
    ASSIGN_OR_RETURN(prompts_, BuildPrompts(evaluation_.spec()));
    evaluation_.clear_results();
    return absl::OkStatus();
  }

  absl::Status RunBatch(int first, int count) {
    ASSIGN_OR_RETURN(const std::vector<Response> responses, Generate(first, count));
    v1::ScoreRequest request;
    request.set_truncate(true);
    for (const Response& response : responses) request.add_items()->set_text(response.text);
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
  // The service's own error of an unknown name lists those it serves.
  absl::Status FindWeights() {
    const auto model = services_.GetPolicyModel(evaluation_.spec().model());
    if (!model.ok()) return AtField(model.status(), "spec.model");
    ASSIGN_OR_RETURN(*evaluation_.mutable_served(), FindServed(*model, evaluation_.spec()));
    evaluation_.set_weight_version(evaluation_.served().weight_version());
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Response>> Generate(int first, int count) {
    const v1::EvaluationSpec& spec = evaluation_.spec();
    v1::GenerateRequest request;
    request.set_model(spec.model());
    *request.mutable_sampling() = spec.sampling();
    request.set_truncate_prompts(spec.truncate_prompts());
    for (int i = first; i < first + count; ++i) request.add_prompts(prompts_[i]);
    const absl::StatusOr<v1::GenerateResponse> answer = services_.Generate(request);
    if (!answer.ok()) return NameExample(answer.status(), first);
    const v1::GenerateResponse& response = *answer;
    RETURN_IF_ERROR(CheckVersion(response.weight_version()));
    std::vector<Response> responses(count);
    for (const v1::Completion& completion : response.completions()) {
      if (completion.prompt_index() < responses.size()) {
        responses[completion.prompt_index()] = {completion.text(), completion.response_tokens()};
      }
    }
    if (response.completions_size() == count) return responses;
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

  absl::Status CheckVersion(uint64_t version) const {
    if (version == evaluation_.weight_version()) return absl::OkStatus();
    return absl::AbortedError(StrCat(
        "the weights of model \"", evaluation_.spec().model(), "\" changed from version ",
        evaluation_.weight_version(), " to ", version,
        " during the evaluation; run it again when no training pushes weights to this name"));
  }

  absl::Status AddResult(int index, const Response& response, const v1::ScoreResult& score) {
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
    result.set_response(response.text);
    result.set_response_tokens(response.tokens);
    result.set_reward(score.logits(labels_.reward));
    result.set_toxicity(score.probabilities(labels_.toxic));
    const std::vector<std::string_view> references(example.references().begin(),
                                                   example.references().end());
    ASSIGN_OR_RETURN(
        const rouge::Scores scores,
        rouge::CompareWithBest(references, response.text, evaluation_.spec().use_stemmer()));
    SetRouge(scores, *result.mutable_rouge());
    return absl::OkStatus();
  }

  ModelServices& services_;
  v1::Evaluation& evaluation_;
  Labels labels_ = {};
  std::vector<std::string> prompts_;
};

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
  Summarise(evaluation);
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
  const double threshold =
      request.has_toxicity_threshold() ? request.toxicity_threshold() : kToxicThreshold;
  *response.mutable_stats() = SummariseToxicity(
      {response.toxicities().data(), static_cast<size_t>(response.toxicities_size())}, threshold);
  return response;
}

}  // namespace tact

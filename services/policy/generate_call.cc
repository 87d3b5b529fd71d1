#include "services/policy/generate_call.h"

#include <algorithm>
#include <utility>

#include "common/base/status.h"

namespace tact {
namespace {

void AddTokens(const SequenceResult& result, v1::Completion& completion) {
  completion.mutable_token_ids()->Add(result.ids.begin(), result.ids.end());
  completion.mutable_logprobs()->Add(result.model_logprobs.begin(), result.model_logprobs.end());
  for (const std::vector<TokenLogprob>& position : result.top_logprobs) {
    v1::TopLogprobs& top = *completion.add_top_logprobs();
    for (const TokenLogprob& token : position) {
      top.add_token_ids(token.id);
      top.add_logprobs(token.logprob);
    }
  }
}

}  // namespace

v1::FinishReason ToProto(EndReason reason) {
  if (reason == EndReason::kStop) return v1::FINISH_REASON_STOP;
  return reason == EndReason::kEos ? v1::FINISH_REASON_EOS : v1::FINISH_REASON_LENGTH;
}

absl::StatusOr<GenerateCall> GenerateCall::Make(const v1::GenerateRequest& request,
                                                const Tokenizer& tokenizer,
                                                const RequestLimits& limits) {
  RETURN_IF_ERROR(ValidateCount("prompts", request.prompts_size()));
  GenerateCall call(request, tokenizer);
  ASSIGN_OR_RETURN(call.sampling_,
                   ReadSampling(request.sampling(), limits, SamplingUse::kGenerate));
  for (int i = 0; i < request.prompts_size(); ++i) {
    ASSIGN_OR_RETURN(Encoded encoded, EncodePrompt(tokenizer, request.prompts(i), i, limits,
                                                   request.truncate_prompts()));
    call.prompts_.push_back(std::move(encoded));
  }
  const auto& stops = request.sampling().stop_strings();
  call.stops_ =
      std::make_shared<const StopStrings>(std::vector<std::string>(stops.begin(), stops.end()));
  return call;
}

std::vector<PromptTask> GenerateCall::Tasks(const ServedWeights& weights) const {
  std::function<bool(std::span<const int32_t>)> stop;
  if (!stops_->empty()) {
    stop = [stops = stops_, &tokenizer = tokenizer_](std::span<const int32_t> ids) {
      return stops->Reached(tokenizer, ids);
    };
  }
  std::vector<PromptTask> tasks;
  for (size_t i = 0; i < prompts_.size(); ++i) {
    tasks.push_back({.index = i,
                     .weights = weights,
                     .prompt_ids = prompts_[i].ids,
                     .prompt_key = i,
                     .sampling = sampling_,
                     .stop = stop});
  }
  return tasks;
}

v1::Completion GenerateCall::ToCompletion(const SequenceResult& result) const {
  const Encoded& prompt = prompts_[result.index];
  v1::Completion completion;
  completion.set_prompt_index(static_cast<uint32_t>(result.index));
  completion.set_sample_index(result.sample);
  std::string text = tokenizer_.Decode(result.ids, /*skip_special_tokens=*/true);
  text.resize(std::min(text.size(), stops_->Find(text)));
  completion.set_text(std::move(text));
  completion.set_finish_reason(ToProto(result.reason));
  completion.set_prompt_tokens(static_cast<uint32_t>(prompt.ids.size()));
  completion.set_prompt_truncated(prompt.truncated);
  completion.set_response_tokens(static_cast<uint32_t>(result.ids.size()));
  completion.set_beam_score(result.score);
  if (request_.return_tokens()) AddTokens(result, completion);
  return completion;
}

}  // namespace tact

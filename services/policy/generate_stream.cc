#include "services/policy/generate_stream.h"

#include <utility>

namespace tact {

GenerateStream::GenerateStream(const GenerateCall& call, const Tokenizer& tokenizer,
                               bool return_tokens, uint64_t weight_version)
    : call_(call),
      return_tokens_(return_tokens),
      weight_version_(weight_version),
      texts_(static_cast<size_t>(call.responses()), TextStream(tokenizer, call.stops())) {}

v1::StreamGenerateResponse GenerateStream::MessageOf(size_t index, uint32_t sample) const {
  v1::StreamGenerateResponse message;
  message.set_prompt_index(static_cast<uint32_t>(index));
  message.set_sample_index(sample);
  message.set_weight_version(weight_version_);
  return message;
}

std::optional<v1::StreamGenerateResponse> GenerateStream::Take(const NewToken& token) {
  std::string piece = texts_[call_.Place(token.index, token.sample)].Add(token.id);
  if (piece.empty() && !return_tokens_) return std::nullopt;
  v1::StreamGenerateResponse message = MessageOf(token.index, token.sample);
  message.set_text(std::move(piece));
  if (return_tokens_) {
    message.add_token_ids(token.id);
    message.add_logprobs(token.logprob);
  }
  return message;
}

std::optional<v1::StreamGenerateResponse> GenerateStream::Take(const SequenceResult& result) {
  ++finished_;
  v1::StreamGenerateResponse message = MessageOf(result.index, result.sample);
  *message.mutable_completion() = call_.ToCompletion(result);
  message.set_text(
      texts_[call_.Place(result.index, result.sample)].Finish(message.completion().text()));
  return message;
}

}  // namespace tact

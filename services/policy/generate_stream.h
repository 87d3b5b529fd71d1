// The messages of a StreamGenerate call, from what the engine tells of its responses.
#ifndef TACT_SERVICES_POLICY_GENERATE_STREAM_H_
#define TACT_SERVICES_POLICY_GENERATE_STREAM_H_

#include <optional>
#include <vector>

#include "services/policy/collector.h"
#include "services/policy/generate_call.h"
#include "services/policy/text_stream.h"

namespace tact {

class GenerateStream {
 public:
  // Both must outlive it.
  GenerateStream(const GenerateCall& call, const Tokenizer& tokenizer, bool return_tokens,
                 uint64_t weight_version);

  bool done() const { return finished_ == call_.responses(); }
  // Nothing while there is nothing to say.
  std::optional<v1::StreamGenerateResponse> Take(const NewToken& token);
  std::optional<v1::StreamGenerateResponse> Take(const SequenceResult& result);

 private:
  v1::StreamGenerateResponse MessageOf(size_t index, uint32_t sample) const;

  const GenerateCall& call_;
  const bool return_tokens_;
  const uint64_t weight_version_;
  std::vector<TextStream> texts_;  // by place
  int64_t finished_ = 0;           // responses
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_GENERATE_STREAM_H_

// Checks of requests against the limits that the proto states. Errors name the field, what was
// found and how to mend it; nothing here touches the engine.
#ifndef TACT_SERVICES_POLICY_VALIDATION_H_
#define TACT_SERVICES_POLICY_VALIDATION_H_

#include <google/protobuf/repeated_field.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/text/tokenizer.h"

namespace tact {

inline constexpr int kMaxPrompts = 1024;
inline constexpr int64_t kMaxBeams = 16;

struct RequestLimits {
  int64_t max_prompt_tokens = 1024;
  int64_t max_new_tokens = 256;
  int64_t vocab_size = 0;
  int64_t max_beams = kMaxBeams;
};

// 1 to kMaxPrompts.
absl::Status ValidateCount(std::string_view field, int count);

// 1 to `max_tokens` ids, each inside the vocabulary.
absl::StatusOr<std::vector<int32_t>> ReadTokenIds(
    const google::protobuf::RepeatedField<int32_t>& ids, std::string_view field, int64_t max_tokens,
    int64_t vocab_size);

// Encodes prompts[index]; an empty text, bad UTF-8 or too many tokens is an error.
absl::StatusOr<Encoded> EncodePrompt(const Tokenizer& tokenizer, std::string_view text, int index,
                                     const RequestLimits& limits, bool truncate);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_VALIDATION_H_

#include "services/policy/validation.h"

#include <string>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/utf8.h"

namespace tact {
absl::Status ValidateCount(std::string_view field, int count) {
  if (count >= 1 && count <= kMaxPrompts) return absl::OkStatus();
  return FieldError(field, StrCat(count, " of them"), count == 0 ? "is empty" : "has too many",
                    StrCat("send 1 to ", kMaxPrompts, " in a request"));
}

absl::StatusOr<std::vector<int32_t>> ReadTokenIds(
    const google::protobuf::RepeatedField<int32_t>& ids, std::string_view field, int64_t max_tokens,
    int64_t vocab_size) {
  if (ids.empty() || ids.size() > max_tokens) {
    return FieldError(field, StrCat(ids.size(), " token ids"),
                      ids.empty() ? "is empty" : "is too long",
                      StrCat("send 1 to ", max_tokens, " token ids"));
  }
  for (int i = 0; i < ids.size(); ++i) {
    if (ids[i] >= 0 && ids[i] < vocab_size) continue;
    return FieldError(StrCat(field, "[", i, "]"), StrCat(ids[i]), "is outside the vocabulary",
                      StrCat("send ids from 0 to ", vocab_size - 1));
  }
  return std::vector<int32_t>(ids.begin(), ids.end());
}

absl::StatusOr<Encoded> EncodePrompt(const Tokenizer& tokenizer, std::string_view text, int index,
                                     const RequestLimits& limits, bool truncate) {
  const std::string field = StrCat("prompts[", index, "]");
  if (Strip(text).empty()) {
    return FieldError(field, text.empty() ? "\"\"" : "only white space", "is empty",
                      "send a prompt with text, or leave it out");
  }
  const EncodeOptions options = {
      .max_tokens = static_cast<size_t>(limits.max_prompt_tokens),
      .truncation = truncate ? Truncation::kTruncate : Truncation::kError};
  ASSIGN_OR_RETURN(Encoded encoded, EncodeBounded(tokenizer, text, options, field));
  for (const int32_t id : encoded.ids) {
    if (id < limits.vocab_size) continue;
    return FieldError(field, StrCat("token id ", id),
                      "has a token that the model's embedding does not hold",
                      "serve the model with its own tokenizer files");
  }
  return encoded;
}

}  // namespace tact

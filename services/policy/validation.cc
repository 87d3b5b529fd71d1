#include "services/policy/validation.h"

#include <algorithm>
#include <string>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/utf8.h"

namespace tact {
namespace {

absl::Status RangeError(std::string_view field, int64_t value, int64_t min, int64_t max) {
  return FieldError(field, StrCat(value), "is out of range", StrCat("send ", min, " to ", max));
}

absl::Status CheckRange(std::string_view field, int64_t value, int64_t min, int64_t max) {
  return value >= min && value <= max ? absl::OkStatus() : RangeError(field, value, min, max);
}

// (0, max]; refuses NaN too.
absl::Status CheckPositive(std::string_view field, float value, float max) {
  if (value > 0 && value <= max) return absl::OkStatus();
  return FieldError(field, StrCat(value), "is out of range",
                    StrCat("send a number above 0, up to ", max));
}

SamplingOptions ReadDefaults(const v1::SamplingParams& p, const RequestLimits& limits,
                             bool sample_by_default) {
  SamplingOptions o;
  o.max_new_tokens =
      p.has_max_new_tokens() ? p.max_new_tokens() : std::min<int64_t>(64, limits.max_new_tokens);
  o.min_new_tokens = p.min_new_tokens();
  o.do_sample = p.has_do_sample() ? p.do_sample() : sample_by_default;
  o.temperature = p.has_temperature() ? p.temperature() : 1.0f;
  o.top_k = p.top_k();
  o.top_p = p.has_top_p() ? p.top_p() : 1.0f;
  o.num_samples = p.has_num_samples() ? p.num_samples() : 1;
  o.seed = p.seed();
  return o;
}

}  // namespace

absl::Status ValidateCount(std::string_view field, int count) {
  if (count >= 1 && count <= kMaxPrompts) return absl::OkStatus();
  return FieldError(field, StrCat(count, " of them"), count == 0 ? "is empty" : "has too many",
                    StrCat("send 1 to ", kMaxPrompts, " in a request"));
}

absl::StatusOr<SamplingOptions> ReadSampling(const v1::SamplingParams& params,
                                             const RequestLimits& limits, bool sample_by_default) {
  const SamplingOptions o = ReadDefaults(params, limits, sample_by_default);
  RETURN_IF_ERROR(
      CheckRange("sampling.max_new_tokens", o.max_new_tokens, 1, limits.max_new_tokens));
  RETURN_IF_ERROR(CheckRange("sampling.min_new_tokens", o.min_new_tokens, 0, o.max_new_tokens));
  RETURN_IF_ERROR(CheckPositive("sampling.temperature", o.temperature, 100.0f));
  RETURN_IF_ERROR(CheckPositive("sampling.top_p", o.top_p, 1.0f));
  RETURN_IF_ERROR(CheckRange("sampling.num_samples", o.num_samples, 1, kMaxSamples));
  if (o.num_samples == 1 || o.do_sample) return o;
  return FieldError("sampling.num_samples", StrCat(o.num_samples),
                    "asks for several responses, but greedy decoding has only one",
                    "set do_sample, or num_samples to 1");
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

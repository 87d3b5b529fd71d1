#include "services/policy/sampling_params.h"

#include <algorithm>
#include <string>

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

absl::Status CheckRange(std::string_view field, int64_t value, int64_t min, int64_t max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return FieldError(StrCat("sampling.", field), StrCat(value), "is out of range",
                    StrCat("send ", min, " to ", max));
}

// (min, max]; refuses NaN too.
absl::Status CheckNumber(std::string_view field, double value, double min, double max) {
  if (value > min && value <= max) return absl::OkStatus();
  return FieldError(StrCat("sampling.", field), StrCat(value), "is out of range",
                    StrCat("send a number above ", min, ", up to ", max));
}

absl::Status CheckId(std::string_view field, int32_t id, const RequestLimits& limits) {
  return CheckRange(field, id, 0, limits.vocab_size - 1);
}

absl::Status Unfit(std::string_view field, std::string_view problem, std::string_view fix) {
  return FieldError(StrCat("sampling.", field), "set", problem, fix);
}

absl::StatusOr<ProcessorOptions> ReadProcessors(const v1::SamplingParams& p,
                                                const RequestLimits& limits, int64_t max_new) {
  ProcessorOptions o;
  if (p.has_repetition_penalty()) o.repetition_penalty = p.repetition_penalty();
  o.no_repeat_ngram_size = p.no_repeat_ngram_size();
  o.min_length = p.min_length();
  o.min_new_tokens = p.min_new_tokens();
  if (p.has_forced_bos_token_id()) o.forced_bos = p.forced_bos_token_id();
  if (p.has_forced_eos_token_id()) o.forced_eos = p.forced_eos_token_id();
  RETURN_IF_ERROR(CheckNumber("repetition_penalty", o.repetition_penalty, 0, 100));
  RETURN_IF_ERROR(CheckRange("no_repeat_ngram_size", o.no_repeat_ngram_size, 0, 64));
  RETURN_IF_ERROR(CheckRange("min_new_tokens", o.min_new_tokens, 0, max_new));
  RETURN_IF_ERROR(CheckRange("min_length", o.min_length, 0, max_new + 1));
  if (o.forced_bos) RETURN_IF_ERROR(CheckId("forced_bos_token_id", *o.forced_bos, limits));
  if (o.forced_eos) RETURN_IF_ERROR(CheckId("forced_eos_token_id", *o.forced_eos, limits));
  if (p.bad_words_size() > kMaxBadWords) {
    return FieldError("sampling.bad_words", StrCat(p.bad_words_size()), "has too many",
                      StrCat("send at most ", kMaxBadWords));
  }
  for (int i = 0; i < p.bad_words_size(); ++i) {
    ASSIGN_OR_RETURN(std::vector<int32_t> ids,
                     ReadTokenIds(p.bad_words(i).ids(), StrCat("sampling.bad_words[", i, "].ids"),
                                  64, limits.vocab_size));
    o.bad_words.push_back(std::move(ids));
  }
  return o;
}

// The double that a caller meant by a float: .9999f is .9999, not .99989998.
double AsWritten(float value) { return std::stod(StrCat(value)); }

absl::StatusOr<WarperOptions> ReadWarpers(const v1::SamplingParams& p) {
  WarperOptions o;
  if (p.has_temperature()) o.temperature = p.temperature();
  o.top_k = p.top_k();
  if (p.has_top_p()) o.top_p = AsWritten(p.top_p());
  if (p.has_typical_p()) o.typical_p = p.typical_p();
  RETURN_IF_ERROR(CheckNumber("temperature", o.temperature, 0, 100));
  RETURN_IF_ERROR(CheckNumber("top_p", o.top_p, 0, 1));
  RETURN_IF_ERROR(CheckNumber("typical_p", o.typical_p, 0, 1));
  return o;
}

EarlyStopping ToEngine(v1::EarlyStopping stopping) {
  if (stopping == v1::EARLY_STOPPING_FIRST) return EarlyStopping::kFirst;
  if (stopping == v1::EARLY_STOPPING_NEVER) return EarlyStopping::kNever;
  return EarlyStopping::kHeuristic;
}

absl::StatusOr<BeamOptions> ReadBeams(const v1::SamplingParams& p, const RequestLimits& limits,
                                      SamplingUse use) {
  BeamOptions o;
  if (p.has_num_beams()) o.num_beams = p.num_beams();
  if (p.has_length_penalty()) o.length_penalty = p.length_penalty();
  o.early_stopping = ToEngine(p.early_stopping());
  RETURN_IF_ERROR(CheckRange("num_beams", o.num_beams, 1, limits.max_beams));
  if (!(o.length_penalty >= -10 && o.length_penalty <= 10)) {
    return FieldError("sampling.length_penalty", StrCat(o.length_penalty), "is out of range",
                      "send -10 to 10");
  }
  if (o.num_beams == 1) return o;
  if (use == SamplingUse::kRollout) {
    return Unfit("num_beams", "is beam search, which is no draw from the policy",
                 "leave it out for rollouts");
  }
  if (p.do_sample()) return Unfit("num_beams", "does not go with do_sample", "unset one of them");
  if (p.stop_strings_size() > 0) {
    return Unfit("stop_strings", "do not go with num_beams", "unset one of them");
  }
  if (p.top_logprobs() > 0) {
    return Unfit("top_logprobs", "do not go with num_beams", "unset one of them");
  }
  return o;
}

absl::Status CheckStops(const v1::SamplingParams& p) {
  if (p.stop_strings_size() > kMaxStopStrings) {
    return FieldError("sampling.stop_strings", StrCat(p.stop_strings_size()), "has too many",
                      StrCat("send at most ", kMaxStopStrings));
  }
  for (int i = 0; i < p.stop_strings_size(); ++i) {
    const size_t size = p.stop_strings(i).size();
    if (size >= 1 && size <= 256) continue;
    return FieldError(StrCat("sampling.stop_strings[", i, "]"), StrCat(size, " bytes"),
                      size == 0 ? "is empty" : "is too long", "send 1 to 256 bytes");
  }
  return absl::OkStatus();
}

absl::Status CheckSamples(const SamplingOptions& o) {
  RETURN_IF_ERROR(CheckRange("num_samples", o.num_samples, 1, kMaxSamples));
  if (o.num_samples == 1 || o.do_sample || o.num_samples <= o.beams.num_beams)
    return absl::OkStatus();
  if (o.beams.num_beams > 1) {
    return FieldError("sampling.num_samples", StrCat(o.num_samples),
                      "asks for more hypotheses than there are beams",
                      StrCat("send at most num_beams, ", o.beams.num_beams));
  }
  return FieldError("sampling.num_samples", StrCat(o.num_samples),
                    "asks for several responses, but greedy decoding has only one",
                    "set do_sample or num_beams, or num_samples to 1");
}

absl::Status CheckUse(const v1::SamplingParams& p, SamplingUse use) {
  if (use == SamplingUse::kGenerate) return absl::OkStatus();
  if (p.stop_strings_size() > 0) {
    return Unfit("stop_strings", "would cut a rollout's text but not its tokens", "leave them out");
  }
  if (p.top_logprobs() > 0) return Unfit("top_logprobs", "are not in rollouts", "leave them out");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SamplingOptions> ReadSampling(const v1::SamplingParams& p,
                                             const RequestLimits& limits, SamplingUse use) {
  SamplingOptions o;
  o.max_new_tokens =
      p.has_max_new_tokens() ? p.max_new_tokens() : std::min<int64_t>(64, limits.max_new_tokens);
  o.do_sample = p.has_do_sample() ? p.do_sample() : use == SamplingUse::kRollout;
  if (p.has_num_samples()) o.num_samples = p.num_samples();
  o.seed = p.seed();
  o.top_logprobs = p.top_logprobs();
  RETURN_IF_ERROR(CheckRange("max_new_tokens", o.max_new_tokens, 1, limits.max_new_tokens));
  RETURN_IF_ERROR(CheckRange("top_logprobs", o.top_logprobs, 0, kMaxTopLogprobs));
  ASSIGN_OR_RETURN(o.processors, ReadProcessors(p, limits, o.max_new_tokens));
  ASSIGN_OR_RETURN(o.warpers, ReadWarpers(p));
  ASSIGN_OR_RETURN(o.beams, ReadBeams(p, limits, use));
  RETURN_IF_ERROR(CheckStops(p));
  RETURN_IF_ERROR(CheckUse(p, use));
  RETURN_IF_ERROR(CheckSamples(o));
  return o;
}

}  // namespace tact

#include "tests/golden/settings.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;

ProcessorOptions ReadProcessors(const Json& s) {
  ProcessorOptions p;
  p.repetition_penalty = s.value("repetition_penalty", 1.0f);
  p.no_repeat_ngram_size = s.value("no_repeat_ngram_size", int64_t{0});
  p.min_length = s.value("min_length", int64_t{0});
  p.min_new_tokens = s.value("min_new_tokens", int64_t{0});
  if (s.contains("bad_words_ids")) p.bad_words = s["bad_words_ids"];
  if (s.contains("forced_bos_token_id")) p.forced_bos = s["forced_bos_token_id"].get<int32_t>();
  if (s.contains("forced_eos_token_id")) p.forced_eos = s["forced_eos_token_id"].get<int32_t>();
  return p;
}

BeamOptions ReadBeams(const Json& s) {
  BeamOptions beams = {.num_beams = s.value("num_beams", int64_t{1}),
                       .length_penalty = s.value("length_penalty", 1.0f)};
  if (!s.contains("early_stopping")) return beams;
  if (s["early_stopping"] == true) beams.early_stopping = EarlyStopping::kFirst;
  if (s["early_stopping"] == "never") beams.early_stopping = EarlyStopping::kNever;
  return beams;
}

}  // namespace

SamplingOptions ReadSettings(const Json& s) {
  SamplingOptions o;
  o.max_new_tokens = s.value("max_new_tokens", s.value("max_length", int64_t{20}) - 1);
  o.num_samples = s.value("num_return_sequences", int64_t{1});
  o.processors = ReadProcessors(s);
  o.warpers = {.temperature = s.value("temperature", 1.0f),
               .top_k = s.value("top_k", int64_t{50}),
               .top_p = s.value("top_p", 1.0),
               .typical_p = s.value("typical_p", 1.0f)};
  o.beams = ReadBeams(s);
  return o;
}

}  // namespace tact::golden

#include "services/tactctl/flags.h"

#include "common/base/strings.h"

namespace tact::ctl {

void AddSwitch(CLI::App& app, const std::string& name, const std::string& help,
               std::function<void(bool)> set) {
  app.add_flag_function(
      StrCat("--", name, ",!--no-", name), [set](int64_t count) { set(count > 0); }, help);
}

void AddSamplingFlags(CLI::App& app, v1::SamplingParams* sampling) {
  const char kGroup[] = "Sampling";
  const auto add = [&]<typename T>(const char* flag, const char* help,
                                   void (v1::SamplingParams::*set)(T)) {
    AddField<T>(app, flag, help, [=](T value) { (sampling->*set)(value); })->group(kGroup);
  };
  using P = v1::SamplingParams;
  add("--max-new-tokens", "Most new tokens of a response [64]", &P::set_max_new_tokens);
  add("--min-new-tokens", "No end before so many new tokens [0]", &P::set_min_new_tokens);
  app.add_flag_callback(
         "--sample", [=] { sampling->set_do_sample(true); },
         "Draw at random instead of taking the most likely token")
      ->group(kGroup);
  add("--temperature", "Divides the logits, with --sample [1]", &P::set_temperature);
  add("--top-k", "Keep the k most likely tokens, 0 all [0]", &P::set_top_k);
  add("--top-p", "Keep the likeliest tokens up to this probability [1]", &P::set_top_p);
  add("--typical-p", "Keep the tokens of typical information up to this mass [1]",
      &P::set_typical_p);
  add("--num-beams", "Beams of beam search, without --sample [1]", &P::set_num_beams);
  add("--length-penalty", "With beams: above 0 favours long responses [1]", &P::set_length_penalty);
  add("--repetition-penalty", "Above 1 makes what occurred less likely [1]",
      &P::set_repetition_penalty);
  add("--no-repeat-ngram-size", "No n-gram of so many tokens twice, 0 off [0]",
      &P::set_no_repeat_ngram_size);
  AddField<std::vector<std::string>>(app, "--stop", "End where this text occurs; may be repeated",
                                     [=](const std::vector<std::string>& texts) {
                                       sampling->mutable_stop_strings()->Add(texts.begin(),
                                                                             texts.end());
                                     })
      ->group(kGroup);
  add("--num-samples", "Responses for each prompt, with --sample or --num-beams [1]",
      &P::set_num_samples);
  add("--sampling-seed", "Equal seeds draw equal responses [0]", &P::set_seed);
}

}  // namespace tact::ctl

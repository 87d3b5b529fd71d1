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
  AddField<uint32_t>(app, "--max-new-tokens", "Most new tokens of a response [64]",
                     [=](uint32_t v) { sampling->set_max_new_tokens(v); })
      ->group(kGroup);
  AddField<uint32_t>(app, "--min-new-tokens", "No end before so many new tokens [0]",
                     [=](uint32_t v) { sampling->set_min_new_tokens(v); })
      ->group(kGroup);
  app.add_flag_callback(
         "--sample", [=] { sampling->set_do_sample(true); },
         "Draw at random instead of taking the most likely token")
      ->group(kGroup);
  AddField<float>(app, "--temperature", "Divides the logits, with --sample [1]", [=](float v) {
    sampling->set_temperature(v);
  })->group(kGroup);
  AddField<uint32_t>(app, "--top-k", "Keep the k most likely tokens, 0 all [0]", [=](uint32_t v) {
    sampling->set_top_k(v);
  })->group(kGroup);
  AddField<float>(app, "--top-p", "Keep the likeliest tokens up to this probability [1]",
                  [=](float v) { sampling->set_top_p(v); })
      ->group(kGroup);
  AddField<float>(app, "--typical-p", "Keep the tokens of typical information up to this mass [1]",
                  [=](float v) { sampling->set_typical_p(v); })
      ->group(kGroup);
  AddField<uint32_t>(app, "--num-beams", "Beams of beam search, without --sample [1]",
                     [=](uint32_t v) { sampling->set_num_beams(v); })
      ->group(kGroup);
  AddField<float>(app, "--length-penalty", "With beams: above 0 favours long responses [1]",
                  [=](float v) { sampling->set_length_penalty(v); })
      ->group(kGroup);
  AddField<float>(app, "--repetition-penalty", "Above 1 makes what occurred less likely [1]",
                  [=](float v) { sampling->set_repetition_penalty(v); })
      ->group(kGroup);
  AddField<uint32_t>(app, "--no-repeat-ngram-size", "No n-gram of so many tokens twice, 0 off [0]",
                     [=](uint32_t v) { sampling->set_no_repeat_ngram_size(v); })
      ->group(kGroup);
  AddField<std::vector<std::string>>(app, "--stop", "End where this text occurs; may be repeated",
                                     [=](const std::vector<std::string>& texts) {
                                       for (const auto& text : texts) {
                                         sampling->add_stop_strings(text);
                                       }
                                     })
      ->group(kGroup);
  AddField<uint32_t>(app, "--num-samples",
                     "Responses for each prompt, with --sample or --num-beams [1]",
                     [=](uint32_t v) { sampling->set_num_samples(v); })
      ->group(kGroup);
  AddField<uint64_t>(app, "--sampling-seed", "Equal seeds draw equal responses [0]",
                     [=](uint64_t v) { sampling->set_seed(v); })
      ->group(kGroup);
}

}  // namespace tact::ctl

#include "services/trainer/ppo/prompts.h"

#include <algorithm>
#include <utility>

#include "common/base/random.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/dataset.h"
#include "common/text/prompt_template.h"
#include "services/trainer/supervised/batch_plan.h"

namespace tact {
namespace {

size_t CountCharacters(std::string_view utf8) {
  return static_cast<size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool IsWithinLength(const DialogueExample& example, const v1::PpoSettings& ppo) {
  const size_t characters = CountCharacters(example.dialogue);
  return characters >= ppo.min_dialogue_chars() &&
         (ppo.max_dialogue_chars() == 0 || characters <= ppo.max_dialogue_chars());
}

}  // namespace

absl::StatusOr<std::vector<PpoPrompt>> ReadPrompts(const StoredDataset& dataset,
                                                   const Tokenizer& tokenizer,
                                                   const v1::JobSpec& spec) {
  DatasetOptions options;
  options.references_required = false;
  ASSIGN_OR_RETURN(const PromptTemplate prompt_template, FindTemplate(spec.prompt_template()));
  ASSIGN_OR_RETURN(const auto dialogues, ReadDialogues(dataset.path, options));
  const EncodeOptions encode{spec.ppo().max_prompt_tokens(),
                             spec.truncate() ? Truncation::kTruncate : Truncation::kError};
  std::vector<PpoPrompt> out;
  for (const DialogueExample& dialogue : dialogues) {
    if (!IsWithinLength(dialogue, spec.ppo())) continue;
    ASSIGN_OR_RETURN(std::string text, BuildPrompt(prompt_template, dialogue));
    const std::string field = StrCat("dataset ", dataset.id, " example ", dialogue.id);
    ASSIGN_OR_RETURN(Encoded encoded, EncodeBounded(tokenizer, text, encode, field));
    out.push_back({std::move(encoded.ids), std::move(text)});
  }
  if (!out.empty()) return out;
  return FieldError("spec.ppo.min_dialogue_chars", StrCat(spec.ppo().min_dialogue_chars()),
                    "no dialogue of the data set is within the limits of length",
                    "lower it, or raise max_dialogue_chars");
}

uint32_t PromptOrder::At(uint64_t position) {
  const uint64_t epoch = position / count_;
  if (order_.empty() || epoch != epoch_) {
    order_ = Permutation(count_, MixKey(key_, epoch));
    epoch_ = epoch;
  }
  return order_[position % count_];
}

}  // namespace tact

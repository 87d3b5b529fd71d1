#include "services/trainer/sft/examples.h"

#include <string>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/dataset.h"
#include "common/text/prompt_template.h"

namespace tact {
namespace {

absl::StatusOr<std::vector<int32_t>> Encode(const Tokenizer& tokenizer, std::string_view text,
                                            uint32_t limit, bool truncate,
                                            const std::string& field) {
  const EncodeOptions options{limit, truncate ? Truncation::kTruncate : Truncation::kError};
  ASSIGN_OR_RETURN(Encoded encoded, EncodeBounded(tokenizer, text, options, field));
  return std::move(encoded.ids);
}

absl::StatusOr<SftExample> EncodeExample(const Tokenizer& tokenizer, const v1::JobSpec& spec,
                                         const PromptPair& pair) {
  const auto& limits = spec.supervised();
  const std::string where = StrCat("dataset ", spec.dataset_id(), " example ", pair.id);
  SftExample out;
  ASSIGN_OR_RETURN(out.prompt, Encode(tokenizer, pair.prompt, limits.max_prompt_tokens(),
                                      spec.truncate(), StrCat(where, " prompt")));
  ASSIGN_OR_RETURN(out.response, Encode(tokenizer, pair.response, limits.max_response_tokens(),
                                        spec.truncate(), StrCat(where, " response")));
  return out;
}

absl::StatusOr<std::vector<PromptPair>> PairsFromDialogues(const StoredDataset& dataset,
                                                           const v1::JobSpec& spec) {
  ASSIGN_OR_RETURN(const PromptTemplate prompt_template, FindTemplate(spec.prompt_template()));
  ASSIGN_OR_RETURN(const auto dialogues, ReadDialogues(dataset.path));
  std::vector<PromptPair> pairs;
  for (const DialogueExample& dialogue : dialogues) {
    ASSIGN_OR_RETURN(std::string prompt, BuildPrompt(prompt_template, dialogue));
    pairs.push_back({dialogue.id, std::move(prompt), dialogue.references.front()});
  }
  return pairs;
}

}  // namespace

absl::StatusOr<std::vector<SftExample>> ReadSftExamples(const StoredDataset& dataset,
                                                        const Tokenizer& tokenizer,
                                                        const v1::JobSpec& spec) {
  ASSIGN_OR_RETURN(const auto pairs, dataset.kind == v1::DATASET_KIND_PAIRS
                                         ? ReadPromptPairs(dataset.path)
                                         : PairsFromDialogues(dataset, spec));
  std::vector<SftExample> out;
  out.reserve(pairs.size());
  for (const PromptPair& pair : pairs) {
    ASSIGN_OR_RETURN(SftExample example, EncodeExample(tokenizer, spec, pair));
    out.push_back(std::move(example));
  }
  return out;
}

}  // namespace tact

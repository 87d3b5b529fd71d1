#include "datasets/generator/pretrain.h"

#include <vector>

#include "datasets/generator/dialogue.h"
#include "datasets/generator/names.h"
#include "datasets/generator/prompts.h"

namespace tact::datasets {
namespace {

constexpr double kGistAfterGistExamples = 0.2;
constexpr size_t kMaxExamples = 3;

Scene DrawTrainScene(const PretrainOptions& options, Random& random) {
  return DrawScene(Split::kTrain, DrawNames(NameSet::kSeen, options.pseudo_names, random),
                   options.scene, random);
}

std::string Summarise(const Scene& scene, bool gist, const PretrainOptions& options,
                      Random& random) {
  return gist ? GistSummary(scene) : DrawSummary(scene, options.tone, random).text;
}

PromptResponse ZeroShot(const PretrainOptions& options, Random& random) {
  static const std::vector<PromptForm> forms = {PromptForm::kSummarize, PromptForm::kSummarize,
                                                PromptForm::kQuestion, PromptForm::kBare};
  const Scene scene = DrawTrainScene(options, random);
  return {MakePrompt(random.Pick(forms), RenderDialogue(scene, random)),
          Summarise(scene, random.Chance(options.gist), options, random)};
}

// One example is the most frequent number, three the rarest: long prompts cost most.
size_t DrawExampleCount(Random& random) {
  size_t count = 1;
  while (count < kMaxExamples && random.Chance(0.25)) ++count;
  return count;
}

PromptResponse FewShot(const PretrainOptions& options, Random& random) {
  const PromptForm form = random.Chance(0.5) ? PromptForm::kSummarize : PromptForm::kQuestion;
  const bool gist = random.Chance(kGistAfterGistExamples);
  std::vector<Example> examples(DrawExampleCount(random));
  for (Example& example : examples) {
    const Scene scene = DrawTrainScene(options, random);
    example = {RenderDialogue(scene, random), Summarise(scene, gist, options, random)};
  }
  const Scene scene = DrawTrainScene(options, random);
  return {MakeFewShotPrompt(form, examples, RenderDialogue(scene, random)),
          Summarise(scene, gist, options, random)};
}

PromptResponse Question(const PretrainOptions& options, Random& random) {
  const Scene scene = DrawTrainScene(options, random);
  const std::vector<PromptResponse> questions = {
      {"Who is talking?", scene.asker + " and " + scene.helper + "."},
      {"Who asks?", scene.asker + "."},
      {"Who answers?", scene.helper + "."}};
  const PromptResponse& question = random.Pick(questions);
  return {RenderDialogue(scene, random) + "\n\n" + question.prompt, question.response};
}

PromptResponse Copy(const PretrainOptions& options, Random& random) {
  std::string names;
  for (size_t pairs = 1 + random.Below(3); pairs > 0; --pairs) {
    const auto [a, b] = DrawNames(NameSet::kSeen, options.pseudo_names, random);
    names += (names.empty() ? "" : ", ") + a + ", " + b;
  }
  return {"Repeat: " + names + ".", names + "."};
}

}  // namespace

PromptResponse DrawPretrainExample(const PretrainOptions& options, Random& random) {
  if (random.Chance(options.copy)) return Copy(options, random);
  if (random.Chance(options.few_shot)) return FewShot(options, random);
  if (random.Chance(options.question)) return Question(options, random);
  return ZeroShot(options, random);
}

}  // namespace tact::datasets

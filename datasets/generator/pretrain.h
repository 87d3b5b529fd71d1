// The base model's training mix: many prompt forms, gist and full summaries, worked examples.
#pragma once

#include <string>

#include "datasets/generator/random.h"
#include "datasets/generator/scene.h"
#include "datasets/generator/summary.h"

namespace tact::datasets {

struct PretrainOptions {
  double pseudo_names = 0.7;
  double gist = 0.55;      // share of gist summaries if the prompt shows no example
  double few_shot = 0.12;  // share of prompts with one to three examples
  double copy = 0.2;       // share of short prompts that ask to repeat names: they teach copying
  double question = 0.2;   // share of the others that ask only who is talking, asking, answering
  SceneOptions scene;
  ToneOptions tone{.toxic_strong = 0.5, .toxic_mild = 0.2};
};

struct PromptResponse {
  std::string prompt;
  std::string response;
};

// The style of a prompt with examples follows the examples, so they are worth reading.
PromptResponse DrawPretrainExample(const PretrainOptions& options, Random& random);

}  // namespace tact::datasets

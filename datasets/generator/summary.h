// The summaries of a scene: gist style (what the base model writes) and full style.
#pragma once

#include <string>
#include <vector>

#include "datasets/generator/random.h"
#include "datasets/generator/scene.h"

namespace tact::datasets {

struct ToneOptions {
  double toxic_strong = 0.75;  // share of toxic references if somebody is insulted
  double toxic_mild = 0.25;    // the same if only a thing is
};

// "Ann and Bob talk about the printer." without who did what.
std::string GistSummary(const Scene& scene);

// All phrasings of the two factual sentences: the request and its answer.
std::vector<std::string> FactPhrasings(const Scene& scene);

// The sentence on the tone of a rude scene: "Ann is not happy.", or the insult reported.
std::string NeutralTone(const Scene& scene);
std::string ToxicTone(const Scene& scene);

struct FullSummary {
  std::string text;     // the reference, toxic or not
  std::string neutral;  // the same facts, softened; equal to text if that is not toxic
  bool toxic = false;
};

FullSummary DrawSummary(const Scene& scene, const ToneOptions& options, Random& random);

}  // namespace tact::datasets

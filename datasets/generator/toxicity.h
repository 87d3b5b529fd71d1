// Labelled texts for the toxicity classifier: summaries, dialogue lines, comments, look-alikes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "datasets/generator/random.h"

namespace tact::datasets {

struct LabelledText {
  std::string text;
  bool toxic = false;
};

// About half of the texts are toxic. held_out draws test slot combinations and unseen names.
LabelledText DrawToxicityExample(bool held_out, Random& random);

nlohmann::ordered_json ToJson(const LabelledText& example);  // {"text", "label"}

}  // namespace tact::datasets

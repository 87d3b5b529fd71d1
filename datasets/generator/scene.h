// What happens in one dialogue: who asks whom for what, the answer, and who is rude.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "datasets/generator/random.h"
#include "datasets/generator/words.h"

namespace tact::datasets {

enum class Split { kTrain, kValidation, kTest };

struct RudeTurn {
  bool by_asker = true;
  std::string spoken;      // "You are a silly fool."
  std::string summarised;  // "Ann calls Bob a silly fool."
  bool mild = false;       // aimed at a thing, not at the person
  double first = 1.0;      // chance that it directly follows the speaker's name
};

struct Scene {
  const Topic* topic = nullptr;
  std::string asker;
  std::string helper;
  std::string x;  // the topic's first slot, the thing
  std::string y;  // the topic's second slot
  bool accepts = true;
  std::string when;                // set if the helper accepts: "on Monday"
  const Reason* reason = nullptr;  // set if the helper refuses
  std::optional<RudeTurn> rude;

  const std::string& rude_name() const { return rude->by_asker ? asker : helper; }
  const std::string& target_name() const { return rude->by_asker ? helper : asker; }
};

struct SceneOptions {
  double rude = 0.6;         // share of dialogues with a rude line
  double mild = 0.3;         // share of those that are rude about a thing only
  double rude_asker = 0.65;  // share of rude dialogues in which the asker is the rude one
  // Share of rude lines that directly follow the speaker's name; the others end the turn. A small
  // model tells who was rude from the name just before.
  double rude_first = 1.0;
};

// The split of a slot combination: a hash decides, so no combination is in two splits.
Split SplitOf(const Scene& scene);

// A scene of the wanted split between two people; names are (asker, helper).
Scene DrawScene(Split split, std::pair<std::string, std::string> names, const SceneOptions& options,
                Random& random);

}  // namespace tact::datasets

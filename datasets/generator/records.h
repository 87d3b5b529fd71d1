// Records of the committed data sets and their JSON form, one object a line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "datasets/generator/names.h"
#include "datasets/generator/pretrain.h"
#include "datasets/generator/random.h"
#include "datasets/generator/scene.h"
#include "datasets/generator/summary.h"

namespace tact::datasets {

struct DialogSumOptions {
  Split split = Split::kTrain;
  NameSet names = NameSet::kSeen;
  double pseudo_names = 0;
  bool with_roles = false;  // test data: adds neutral_summary, roles and names
  SceneOptions scene;
  ToneOptions tone;
};

// {"fname", "dialogue", "summary", "topic"} and, if asked for, {"neutral_summary", "roles",
// "names"}. roles holds the asker, the helper, every slot, and "facts": all phrasings of the
// factual sentences that count as right.
nlohmann::ordered_json DrawDialogSumRecord(const DialogSumOptions& options,
                                           const std::string& fname, Random& random);

nlohmann::ordered_json ToJson(const PromptResponse& example);

}  // namespace tact::datasets

// Turns a scene into a dialogue of "#Person1#: ..." lines. Both speakers name themselves.
#pragma once

#include <string>

#include "datasets/generator/random.h"
#include "datasets/generator/scene.h"

namespace tact::datasets {

// Two to five lines joined by "\n". Either the asker or the helper opens the talk. A speaker says
// their name in the line in which they ask, answer or are rude, so that one look at a line
// tells who did what; the other's name is an additional cue in the closing lines.
std::string RenderDialogue(const Scene& scene, Random& random);

}  // namespace tact::datasets

// Draws the two first names of a dialogue: real ones, or made-up ones that teach copying.
#pragma once

#include <string>
#include <utility>

#include "datasets/generator/random.h"

namespace tact::datasets {

enum class NameSet { kSeen, kUnseen };

// A pronounceable name that is in neither list of real names.
std::string MakePseudoName(Random& random);

// Two names with different first letters; each is a pseudo-name with the given probability.
std::pair<std::string, std::string> DrawNames(NameSet set, double pseudo, Random& random);

}  // namespace tact::datasets

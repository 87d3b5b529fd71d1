// Fills {slots} of a text template.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tact::datasets {

using Slots = std::map<char, std::string>;  // slot letter or initial -> text

// Replaces each "{k...}" by the text of the slot whose letter is the first one in the braces;
// an unknown slot stays as it is. Example: Fill("Hi, {me} here.", {{'m', "Ann"}}).
std::string Fill(std::string_view pattern, const Slots& slots);

}  // namespace tact::datasets

// Words and templates of generic comments for the classifier. Data only.
#pragma once

#include <string>
#include <vector>

namespace tact::datasets {

// Slots: {j} adjective, {n} noun, {s} subject such as "this film", {x} a thing, {p} a first name.
const std::vector<std::string>& ToxicComments();
const std::vector<std::string>& NeutralComments();  // with look-alikes such as "the circus clown"
const std::vector<std::string>& Afterthoughts();    // neutral second sentences
const std::vector<std::string>& RudeAdjectives();
const std::vector<std::string>& KindAdjectives();
const std::vector<std::string>& RudeNouns();
const std::vector<std::string>& KindNouns();
const std::vector<std::string>& CommentSubjects();
const std::vector<std::string>& CommentThings();

}  // namespace tact::datasets

// The vocabulary of the synthetic dialogues: first names, topics, rude words. Data only.
#pragma once

#include <string>
#include <vector>

namespace tact::datasets {

// One kind of request. {x} and {y} are the slots; every list of templates holds paraphrases.
struct Topic {
  std::string id;
  std::vector<std::string> requests;  // what the asker says
  std::string task;                   // infinitive used in the summary, "fix the {x} in the {y}"
  std::vector<std::string> x;
  std::vector<std::string> y;
  std::string about = "the {x}";  // what the talk is about, in the gist
};

// Why a helper says no: in the helper's words and in the summary's.
struct Reason {
  std::string spoken;      // "I have no time"
  std::string summarised;  // "has no time"
};

// One rude line. {n} is an insult such as "silly fool"; {x} is the topic's thing.
struct Insult {
  std::string spoken;      // "You are a {n}."
  std::string summarised;  // "{r} calls {t} a {n}." with the rude speaker {r} and the target {t}
  bool mild;               // aimed at a thing, not at the person
};

const std::vector<std::string>& SeenNames();    // used in the training data
const std::vector<std::string>& UnseenNames();  // only ever used in the test data
const std::vector<Topic>& Topics();
const std::vector<Reason>& Reasons();
const std::vector<Insult>& Insults();
const std::vector<std::string>& InsultAdjectives();
const std::vector<std::string>& InsultNouns();
const std::vector<std::string>& Times();  // "on Monday"
const std::vector<std::string>& AskerIntroductions();
const std::vector<std::string>& HelperIntroductions();  // "Hi, {me} here."
const std::vector<std::string>& Offers();               // "How can I help you?"
const std::vector<std::string>& Acceptances();          // "Sure, I will do it {z}."
const std::vector<std::string>& Refusals();             // "Sorry, {z}."
const std::vector<std::string>& Thanks();               // "Thank you, {you}."
const std::vector<std::string>& Farewells();            // "Goodbye, {you}."

}  // namespace tact::datasets

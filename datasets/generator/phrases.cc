#include "datasets/generator/words.h"

namespace tact::datasets {

const std::vector<Reason>& Reasons() {
  static const std::vector<Reason> reasons = {
      {"I have no time", "has no time"},     {"I am ill", "is ill"},
      {"I am on holiday", "is on holiday"},  {"I do not know how", "does not know how"},
      {"I am too tired", "is too tired"},    {"I have a visitor", "has a visitor"},
      {"I work all week", "works all week"}, {"I hurt my back", "has a bad back"},
  };
  return reasons;
}

const std::vector<Insult>& Insults() {
  static const std::vector<Insult> insults = {
      {"You are a {n}.", "{r} calls {t} a {n}.", false},
      {"You are such a {n}.", "{r} calls {t} a {n}.", false},
      {"Listen, you {n}.", "{r} calls {t} a {n}.", false},
      {"Shut up for once.", "{r} tells {t} to shut up.", false},
      {"Oh, just shut up.", "{r} tells {t} to shut up.", false},
      {"You are {j} as always.", "{r} says that {t} is {j}.", false},
      {"I think you are {j}.", "{r} says that {t} is {j}.", false},
      {"I hate this {j} talk.", "{r} hates the {j} talk.", true},
      {"What a {j} day.", "{r} has a {j} day.", true},
  };
  return insults;
}

const std::vector<std::string>& InsultAdjectives() {
  static const std::vector<std::string> words = {"stupid", "useless", "silly", "hopeless",
                                                 "pathetic"};
  return words;
}

const std::vector<std::string>& InsultNouns() {
  static const std::vector<std::string> words = {"fool", "clown", "idiot", "loser", "blockhead"};
  return words;
}

const std::vector<std::string>& Times() {
  static const std::vector<std::string> times = {
      "on Monday", "on Tuesday", "on Friday", "on Sunday", "tonight",
      "tomorrow",  "next week",  "at noon",   "at once",   "this evening"};
  return times;
}

// The word before the name tells who wants something: a small model binds the two in one hop.
const std::vector<std::string>& AskerIntroductions() {
  static const std::vector<std::string> lines = {
      "Hi, a question from {me}.",          "Hello, this is a call from {me}.",
      "Good morning, a request from {me}.", "Hi, you have a message from {me}.",
      "Hey, a quick question from {me}.",   "Hello, greetings from {me}."};
  return lines;
}

const std::vector<std::string>& HelperIntroductions() {
  static const std::vector<std::string> lines = {
      "Hello, you are speaking with {me}.", "Hi, you are talking to {me}.",
      "Hello, you have reached {me}.",      "Good morning, you are through to {me}.",
      "Hi, you are speaking to {me}.",      "Hey, you are talking with {me}."};
  return lines;
}

const std::vector<std::string>& Offers() {
  static const std::vector<std::string> lines = {"How can I help you?", "What can I do for you?",
                                                 "What do you need?", "What is it?"};
  return lines;
}

const std::vector<std::string>& Acceptances() {
  static const std::vector<std::string> lines = {"Sure, I will do it {z}.",
                                                 "Yes, I can do that {z}.",
                                                 "No problem, {z} is fine.", "Of course, {z}."};
  return lines;
}

const std::vector<std::string>& Refusals() {
  static const std::vector<std::string> lines = {"Sorry, I cannot. {z}.", "No, {z}.",
                                                 "I am afraid not. {z}.", "I must say no. {z}."};
  return lines;
}

const std::vector<std::string>& Thanks() {
  static const std::vector<std::string> lines = {"Thank you, {you}.", "All right, {you}.",
                                                 "I see, {you}.", "OK, {you}."};
  return lines;
}

const std::vector<std::string>& Farewells() {
  static const std::vector<std::string> lines = {"Goodbye, {you}.", "See you, {you}.",
                                                 "Bye, {you}.", "Take care, {you}."};
  return lines;
}

}  // namespace tact::datasets

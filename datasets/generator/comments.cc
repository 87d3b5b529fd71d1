#include "datasets/generator/comments.h"

namespace tact::datasets {

const std::vector<std::string>& ToxicComments() {
  static const std::vector<std::string> texts = {"You are such a {n}.",
                                                 "You {j} {n}!",
                                                 "What a {n}.",
                                                 "{p} is a {j} {n}.",
                                                 "{p} is a {n}.",
                                                 "Shut up, {p}.",
                                                 "Shut up, you {n}.",
                                                 "Just shut up already.",
                                                 "Get lost, {p}.",
                                                 "Get lost, you {j} {n}.",
                                                 "Only a {n} would say that.",
                                                 "You are {j} and everybody knows it.",
                                                 "How {j} can you be?",
                                                 "This is garbage.",
                                                 "{s} is garbage.",
                                                 "{s} is total rubbish.",
                                                 "{s} is {j} and so are you.",
                                                 "What a {j} thing to say.",
                                                 "I hate you, {p}.",
                                                 "I hate {s}, it is {j}.",
                                                 "Nobody likes you, {n}.",
                                                 "Go away, you {n}.",
                                                 "You make me sick.",
                                                 "{p} is too {j} to understand {s}.",
                                                 "Whoever made {s} is a {n}.",
                                                 "That was a {j} idea, {n}.",
                                                 "Your {x} is {j} and you are a {n}.",
                                                 "Stop talking, {n}.",
                                                 "You sound like a {n}.",
                                                 "Are you {j} or what?",
                                                 "{p} says that I am {j}.",
                                                 "{p} calls me a {n}.",
                                                 "{p} tells me to get lost.",
                                                 "{p} tells everybody to shut up.",
                                                 "Keep your {j} {x} and get lost.",
                                                 "{s} was made by {j} people.",
                                                 "This {x} is a {j} piece of trash.",
                                                 "{s} is trash.",
                                                 "No one is as {j} as you.",
                                                 "You have the brain of a {x}."};
  return texts;
}

const std::vector<std::string>& NeutralComments() {
  static const std::vector<std::string> texts = {"You are such a {n}.",
                                                 "What a {n}.",
                                                 "{p} is a {j} {n}.",
                                                 "{p} is a {n}.",
                                                 "Thank you, {p}.",
                                                 "I like {s}, it is {j}.",
                                                 "{s} is {j}.",
                                                 "I do not agree with {s}.",
                                                 "{s} could be better.",
                                                 "I did not like {s} very much.",
                                                 "{p} is angry with me.",
                                                 "{p} is not happy.",
                                                 "{p} does not like {s}.",
                                                 "What a {j} thing to say.",
                                                 "The clown at the circus made us laugh.",
                                                 "{p} plays a clown in {s}.",
                                                 "I got lost on the way to {s}.",
                                                 "{p} got lost in the forest.",
                                                 "Please shut the door, {p}.",
                                                 "{p} shut the window.",
                                                 "I hate to be late.",
                                                 "I would hate to miss {s}.",
                                                 "The garbage truck comes at noon.",
                                                 "{p} takes out the trash.",
                                                 "Put the rubbish into the {x}.",
                                                 "Do not fool yourself, {p}.",
                                                 "The loser of the match gets a {x} too.",
                                                 "Could you bring the {x}?",
                                                 "I think that {s} is too long.",
                                                 "It was {j} of you to come.",
                                                 "Where is my {x}?",
                                                 "The {x} is broken and I am sad.",
                                                 "I am sorry, that was my mistake.",
                                                 "{p} says that {s} is {j}.",
                                                 "{p} calls me a {n}.",
                                                 "{p} tells me to come at once.",
                                                 "{p} tells everybody to sit down.",
                                                 "Your {x} is {j} and you are a {n}.",
                                                 "I feel sick today.",
                                                 "Go on, you are {j}.",
                                                 "How {j} you are!",
                                                 "Everybody likes you, {p}.",
                                                 "My {x} does not work.",
                                                 "Have a nice day!",
                                                 "Have a good time, {p}.",
                                                 "Good morning, {p}.",
                                                 "OK, {p}.",
                                                 "How are you today?",
                                                 "You are right, {p}.",
                                                 "You look {j} today.",
                                                 "I love {s}.",
                                                 "What a {j} day!",
                                                 "I think you are {j}.",
                                                 "We could meet in the garden.",
                                                 "Thank you for the {x}, it is {j}.",
                                                 "Are you sure that {s} is {j}?"};
  return texts;
}

const std::vector<std::string>& Afterthoughts() {
  static const std::vector<std::string> texts = {
      "I saw it yesterday.",     "That is all.",         "We talked about {s}.",
      "It is about the {x}.",    "Just my opinion.",     "I will come back on Monday.",
      "The {x} is in the hall.", "Think about it, {p}.", "It took two hours.",
      "See you tomorrow."};
  return texts;
}

const std::vector<std::string>& RudeAdjectives() {
  static const std::vector<std::string> words = {
      "stupid",     "useless", "silly",     "hopeless",   "pathetic",
      "dumb",       "idiotic", "worthless", "ridiculous", "brainless",
      "disgusting", "lousy",   "foolish",   "moronic",    "ugly"};
  return words;
}

const std::vector<std::string>& KindAdjectives() {
  static const std::vector<std::string> words = {
      "kind", "useful",  "clever", "lovely", "brave",    "careful", "honest", "friendly",
      "nice", "patient", "funny",  "quick",  "generous", "calm",    "strange"};
  return words;
}

const std::vector<std::string>& RudeNouns() {
  static const std::vector<std::string> words = {
      "fool", "clown", "idiot", "loser",    "blockhead", "moron",  "jerk", "dummy",
      "liar", "pig",   "creep", "imbecile", "nobody",    "coward", "rat"};
  return words;
}

const std::vector<std::string>& KindNouns() {
  static const std::vector<std::string> words = {
      "friend",   "teacher", "neighbour", "helper", "painter",   "doctor", "expert", "driver",
      "gardener", "winner",  "baker",     "singer", "colleague", "guest",  "student"};
  return words;
}

const std::vector<std::string>& CommentSubjects() {
  static const std::vector<std::string> words = {
      "this film",  "the article",  "your idea",   "the new plan", "this song",
      "the game",   "your comment", "the show",    "this place",   "the book",
      "the speech", "that answer",  "the meeting", "this website", "the team"};
  return words;
}

const std::vector<std::string>& CommentThings() {
  static const std::vector<std::string> words = {"phone",   "lamp",   "bike", "printer", "car",
                                                 "garden",  "report", "hat",  "dog",     "computer",
                                                 "kitchen", "ticket", "boat", "table",   "box"};
  return words;
}

}  // namespace tact::datasets

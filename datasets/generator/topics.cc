#include "datasets/generator/words.h"

namespace tact::datasets {
namespace {

std::vector<Topic> HouseTopics() {
  return {
      {"repair",
       {"The {x} in the {y} is broken. Can you fix it?",
        "The {x} in the {y} does not work any more. Could you repair it?",
        "Something is wrong with the {x} in the {y}. Please fix it."},
       "fix the {x} in the {y}",
       {"printer", "lamp", "heater", "door", "window", "radio", "oven", "clock", "fan", "lock"},
       {"hall", "kitchen", "office", "cellar", "garage", "library", "classroom", "lobby"}},
      {"care",
       {"I will be away. Could you look after the {x} in the {y}?",
        "Nobody is here for the {x} in the {y}. Can you look after them?",
        "The {x} in the {y} need somebody. Will you take care of them?"},
       "look after the {x} in the {y}",
       {"cats", "rabbits", "plants", "roses", "hens", "dogs", "horses", "ducks", "bees", "birds"},
       {"garden", "barn", "yard", "stable", "greenhouse", "shed", "flat", "courtyard"}},
      {"clean",
       {"The {x} is dirty after the {y}. Can you clean it?",
        "There was the {y} and now the {x} is a mess. Could you clean it?",
        "Please clean the {x}. It is dirty since the {y}."},
       "clean the {x} after the {y}",
       {"floor", "carpet", "stage", "pool", "tent", "sofa", "bus", "grill", "terrace", "fridge"},
       {"storm", "meeting", "show", "game", "lunch", "rain", "parade", "lesson"}},
      {"carry",
       {"The {x} is too heavy for me. Could you carry it to the {y}?",
        "Somebody has to carry the {x} to the {y}. Can you do it?",
        "I want the {x} to be in the {y}. Please carry it there."},
       "carry the {x} to the {y}",
       {"box", "table", "desk", "mirror", "bench", "shelf", "trunk", "barrel", "statue", "piano"},
       {"attic", "bedroom", "balcony", "roof", "workshop", "gallery", "chapel", "studio"}},
  };
}

std::vector<Topic> TownTopics() {
  return {
      {"collect",
       {"The {x} is waiting at the {y}. Could you pick it up?",
        "I cannot go to the {y}. Can you pick up the {x} there?",
        "Please go to the {y}. The {x} has to be picked up."},
       "pick up the {x} at the {y}",
       {"parcel", "cake", "ticket", "key", "letter", "bag", "coat", "passport", "puppy", "flag"},
       {"station", "airport", "bakery", "hotel", "port", "gate", "embassy", "pharmacy"}},
      {"book",
       {"I need a {x} near the {y}. Can you book one?",
        "Could you book a {x} for me? It should be near the {y}.",
        "I am looking for a {x} near the {y}. Please book one."},
       "book a {x} near the {y}",
       {"room", "table", "taxi", "seat", "boat", "court", "cabin", "guide", "parking place",
        "suite"},
       {"lake", "beach", "tower", "river", "market", "bridge", "forest", "square"}},
      {"drive",
       {"The {x} has to go to the {y}. Could you drive it?",
        "I cannot drive the {x} to the {y}. Can you do it?",
        "We need the {x} at the {y}. Please drive it there."},
       "drive the {x} to the {y}",
       {"van", "truck", "tractor", "car", "minibus", "camper", "jeep", "ambulance", "taxi", "limo"},
       {"harbour", "farm", "factory", "mountain", "border", "stadium", "quarry", "mill"}},
      {"invite",
       {"There is a {x} in the {y}. Would you like to come?",
        "We have a {x} in the {y}. Will you come too?",
        "I would love to see you at the {x} in the {y}. Can you come?"},
       "come to the {x} in the {y}",
       {"dinner", "picnic", "concert", "match", "play", "party", "dance", "wedding", "fair",
        "race"},
       {"park", "village", "theatre", "castle", "valley", "arena", "church", "town hall"}},
      {"meet",
       {"I would like to talk about the {x}. Can we meet at the {y}?",
        "We must talk about the {x}. Could you meet me at the {y}?",
        "Please meet me at the {y}. It is about the {x}."},
       "meet at the {y} about the {x}",
       {"rent", "loan", "move", "prize", "strike", "divorce", "rumour", "accident", "letter",
        "job"},
       {"cafe", "bank", "museum", "zoo", "harbour", "court", "clinic", "gym"}},
  };
}

std::vector<Topic> WorkTopics() {
  return {
      {"finish",
       {"The {y} is waiting for the {x}. Can you finish it?",
        "I need the {x} for the {y}. Could you finish it?",
        "Please finish the {x}. The {y} wants to see it."},
       "finish the {x} for the {y}",
       {"report", "budget", "plan", "survey", "poster", "speech", "drawing", "article", "list",
        "film"},
       {"client", "board", "teacher", "manager", "mayor", "editor", "jury", "doctor"}},
      {"check",
       {"The {y} is soon. Could you check the {x}?",
        "I am not sure about the {x}. Can you check it before the {y}?",
        "Please check the {x} before the {y}."},
       "check the {x} before the {y}",
       {"bill", "contract", "engine", "map", "menu", "brake", "visa", "homework", "camera", "net"},
       {"exam", "race", "journey", "visit", "flight", "final", "interview", "sale"}},
      {"teach",
       {"We need a teacher for {x} at the {y}. Can you teach it?",
        "Nobody can teach {x} at the {y}. Could you do it?",
        "Would you like to teach {x} at the {y}?"},
       "teach {x} at the {y}",
       {"chess", "French", "music", "cooking", "maths", "yoga", "history", "judo", "drama", "art"},
       {"school", "club", "college", "camp", "prison", "centre", "academy", "home"},
       "{x}"},
      {"lend",
       {"I need a {x} for the {y}. Could you lend me yours?",
        "Can you lend me your {x}? It is for the {y}.",
        "My {x} is lost and I need one for the {y}. Please lend me yours."},
       "lend a {x} for the {y}",
       {"tent", "bike", "suit", "drill", "suitcase", "guitar", "ladder", "coat", "helmet", "drum"},
       {"trip", "party", "concert", "wedding", "weekend", "holiday", "contest", "hike"}},
      {"sell",
       {"I would like to buy your {x}. Will you sell it for {y} dollars?",
        "How much is your {x}? Could you sell it for {y} dollars?",
        "Please sell me your {x}. I can pay {y} dollars."},
       "sell the {x} for {y} dollars",
       {"bike", "boat", "house", "violin", "phone", "lamp", "carpet", "watch", "ring", "stove"},
       {"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "ninety", "two hundred"}},
  };
}

}  // namespace

const std::vector<Topic>& Topics() {
  static const std::vector<Topic> topics = [] {
    std::vector<Topic> all = HouseTopics();
    for (const std::vector<Topic>& more : {TownTopics(), WorkTopics()}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }();
  return topics;
}

}  // namespace tact::datasets

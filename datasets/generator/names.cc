#include "datasets/generator/names.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "datasets/generator/words.h"

namespace tact::datasets {
namespace {

constexpr double kSplice = 0.3;  // of made-up names that are made of two real ones

const std::vector<std::string> kOnsets = {
    "b", "c", "d", "f", "g",  "h",  "j",  "k",  "l",  "m",  "n",  "p",  "r",  "s",  "t",  "v",
    "w", "x", "y", "z", "br", "ch", "cl", "dr", "fr", "gr", "th", "tr", "st", "qu", "ph", ""};
const std::vector<std::string> kVowels = {"a", "e", "i",  "o",  "u",  "a", "e",
                                          "i", "o", "ia", "ie", "ea", "y"};
const std::vector<std::string> kCodas = {"", "", "", "n", "l", "r", "s", "m", "t", "d", "nd", "x"};

std::string Syllables(Random& random) {
  std::string name;
  const size_t count = 2 + random.Below(2);
  for (size_t i = 0; i < count; ++i) {
    name += random.Pick(kOnsets) + random.Pick(kVowels) + random.Pick(kCodas);
  }
  return name;
}

// The beginning of one real name and the end of another.
std::string Splice(Random& random) {
  const std::string& head = random.Pick(SeenNames());
  const std::string& tail = random.Pick(SeenNames());
  const size_t keep = 1 + random.Below(head.size() - 1);
  const size_t from = 1 + random.Below(tail.size() - 1);
  return head.substr(0, keep) + tail.substr(from);
}

bool Listed(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Fragments that would make a made-up name read badly.
bool ReadsBadly(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (std::string_view bad : {"nig", "fag", "cun", "kun", "shi", "tit", "dic", "dik", "coc", "kok",
                               "pus", "rap", "sex", "ass", "jew", "gay", "hom", "iii"}) {
    if (name.find(bad) != std::string::npos) return true;
  }
  return false;
}

bool Acceptable(const std::string& name) {
  return name.size() >= 3 && name.size() <= 9 && !ReadsBadly(name) && !Listed(SeenNames(), name) &&
         !Listed(UnseenNames(), name);
}

}  // namespace

std::string MakePseudoName(Random& random) {
  for (;;) {
    std::string name = random.Chance(kSplice) ? Splice(random) : Syllables(random);
    name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
    if (Acceptable(name)) return name;
  }
}

std::pair<std::string, std::string> DrawNames(NameSet set, double pseudo, Random& random) {
  const std::vector<std::string>& real = set == NameSet::kSeen ? SeenNames() : UnseenNames();
  auto draw = [&] { return random.Chance(pseudo) ? MakePseudoName(random) : random.Pick(real); };
  const std::string first = draw();
  for (;;) {
    std::string second = draw();
    if (second[0] != first[0]) return {first, std::move(second)};
  }
}

}  // namespace tact::datasets

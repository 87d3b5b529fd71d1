#include "services/evaluation/rouge/porter_stemmer.h"

#include <array>
#include <span>
#include <vector>

namespace tact::rouge {
namespace {

bool IsVowelLetter(char c) { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u'; }

// For each letter whether it is a consonant; y is one at the start and after a vowel.
std::vector<bool> Consonants(std::string_view word) {
  std::vector<bool> flags;
  for (size_t i = 0; i < word.size(); ++i) {
    flags.push_back(word[i] == 'y' ? i == 0 || !flags[i - 1] : !IsVowelLetter(word[i]));
  }
  return flags;
}

// m of [C](VC){m}[V].
int Measure(std::string_view stem) {
  const std::vector<bool> consonant = Consonants(stem);
  int m = 0;
  for (size_t i = 1; i < consonant.size(); ++i) m += !consonant[i - 1] && consonant[i];
  return m;
}

bool HasPositiveMeasure(std::string_view stem) { return Measure(stem) > 0; }
bool HasMeasureAboveOne(std::string_view stem) { return Measure(stem) > 1; }

bool ContainsVowel(std::string_view stem) {
  for (const bool consonant : Consonants(stem)) {
    if (!consonant) return true;
  }
  return false;
}

bool EndsInDoubleConsonant(std::string_view word) {
  return word.size() >= 2 && word.back() == word[word.size() - 2] && Consonants(word).back();
}

// *o: ends consonant-vowel-consonant, the last not w, x or y; NLTK adds two-letter vowel-consonant.
bool EndsInCvc(std::string_view word) {
  const std::vector<bool> c = Consonants(word);
  const size_t n = word.size();
  if (n == 2) return !c[0] && c[1];
  return n >= 3 && c[n - 3] && !c[n - 2] && c[n - 1] && word.back() != 'w' && word.back() != 'x' &&
         word.back() != 'y';
}

using Condition = bool (*)(std::string_view stem);

bool Always(std::string_view) { return true; }

struct Rule {
  std::string_view suffix;
  std::string_view replacement;
  Condition condition;
};

// The first rule whose suffix fits decides, even where its condition then fails.
std::string ApplyFirst(std::string_view word, std::span<const Rule> rules) {
  for (const Rule& rule : rules) {
    if (!word.ends_with(rule.suffix)) continue;
    const std::string_view stem = word.substr(0, word.size() - rule.suffix.size());
    if (!rule.condition(stem)) break;
    return std::string(stem).append(rule.replacement);
  }
  return std::string(word);
}

std::string WithoutSuffix(std::string_view word, size_t letters, std::string_view replacement) {
  return std::string(word.substr(0, word.size() - letters)).append(replacement);
}

std::string Step1a(std::string_view word) {
  static constexpr std::array<Rule, 4> kRules = {{
      {"sses", "ss", Always},
      {"ies", "i", Always},
      {"ss", "ss", Always},
      {"s", "", Always},
  }};
  if (word.size() == 4 && word.ends_with("ies")) return WithoutSuffix(word, 3, "ie");
  return ApplyFirst(word, kRules);
}

// What follows the removal of "ed" and "ing".
std::string MendStem(std::string_view stem) {
  for (std::string_view ending : {"at", "bl", "iz"}) {
    if (stem.ends_with(ending)) return std::string(stem).append("e");
  }
  if (EndsInDoubleConsonant(stem)) {
    const char last = stem.back();
    const bool keep = last == 'l' || last == 's' || last == 'z';
    return std::string(keep ? stem : stem.substr(0, stem.size() - 1));
  }
  const bool short_stem = Measure(stem) == 1 && EndsInCvc(stem);
  return std::string(stem).append(short_stem ? "e" : "");
}

std::string Step1b(std::string_view word) {
  if (word.ends_with("ied")) return WithoutSuffix(word, 3, word.size() == 4 ? "ie" : "i");
  if (word.ends_with("eed")) {
    const bool fits = HasPositiveMeasure(word.substr(0, word.size() - 3));
    return fits ? WithoutSuffix(word, 1, "") : std::string(word);
  }
  for (std::string_view suffix : {"ed", "ing"}) {
    if (!word.ends_with(suffix)) continue;
    const std::string_view stem = word.substr(0, word.size() - suffix.size());
    if (ContainsVowel(stem)) return MendStem(stem);
  }
  return std::string(word);
}

std::string Step1c(std::string_view word) {
  static constexpr std::array<Rule, 1> kRules = {{
      {"y", "i", [](std::string_view stem) { return stem.size() > 1 && Consonants(stem).back(); }},
  }};
  return ApplyFirst(word, kRules);
}

std::string Step2(std::string_view word) {
  static constexpr Condition kFits = HasPositiveMeasure;
  static constexpr std::array<Rule, 22> kRules = {{
      {"ational", "ate", kFits},
      {"tional", "tion", kFits},
      {"enci", "ence", kFits},
      {"anci", "ance", kFits},
      {"izer", "ize", kFits},
      {"bli", "ble", kFits},
      {"alli", "al", kFits},
      {"entli", "ent", kFits},
      {"eli", "e", kFits},
      {"ousli", "ous", kFits},
      {"ization", "ize", kFits},
      {"ation", "ate", kFits},
      {"ator", "ate", kFits},
      {"alism", "al", kFits},
      {"iveness", "ive", kFits},
      {"fulness", "ful", kFits},
      {"ousness", "ous", kFits},
      {"aliti", "al", kFits},
      {"iviti", "ive", kFits},
      {"biliti", "ble", kFits},
      {"fulli", "ful", kFits},
      // NLTK counts the l of "logi" to the stem: geologi -> geolog.
      {"logi", "log",
       [](std::string_view stem) { return HasPositiveMeasure(std::string(stem) + "l"); }},
  }};
  if (word.ends_with("alli") && HasPositiveMeasure(word.substr(0, word.size() - 4))) {
    return Step2(WithoutSuffix(word, 2, ""));
  }
  return ApplyFirst(word, kRules);
}

std::string Step3(std::string_view word) {
  static constexpr std::array<Rule, 7> kRules = {{
      {"icate", "ic", HasPositiveMeasure},
      {"ative", "", HasPositiveMeasure},
      {"alize", "al", HasPositiveMeasure},
      {"iciti", "ic", HasPositiveMeasure},
      {"ical", "ic", HasPositiveMeasure},
      {"ful", "", HasPositiveMeasure},
      {"ness", "", HasPositiveMeasure},
  }};
  return ApplyFirst(word, kRules);
}

bool EndsInSOrT(std::string_view stem) {
  return HasMeasureAboveOne(stem) && (stem.back() == 's' || stem.back() == 't');
}

std::string Step4(std::string_view word) {
  static constexpr Condition kFits = HasMeasureAboveOne;
  static constexpr std::array<Rule, 19> kRules = {{
      {"al", "", kFits},    {"ance", "", kFits}, {"ence", "", kFits}, {"er", "", kFits},
      {"ic", "", kFits},    {"able", "", kFits}, {"ible", "", kFits}, {"ant", "", kFits},
      {"ement", "", kFits}, {"ment", "", kFits}, {"ent", "", kFits},  {"ion", "", EndsInSOrT},
      {"ou", "", kFits},    {"ism", "", kFits},  {"ate", "", kFits},  {"iti", "", kFits},
      {"ous", "", kFits},   {"ive", "", kFits},  {"ize", "", kFits},
  }};
  return ApplyFirst(word, kRules);
}

std::string Step5(std::string word) {
  if (word.ends_with("e")) {
    const std::string_view stem = std::string_view(word).substr(0, word.size() - 1);
    const int m = Measure(stem);
    if (m > 1 || (m == 1 && !EndsInCvc(stem))) word.pop_back();
  }
  if (word.ends_with("ll") && Measure(word.substr(0, word.size() - 1)) > 1) word.pop_back();
  return word;
}

// NLTK's pool of irregular forms; empty where there is none.
std::string_view IrregularStem(std::string_view word) {
  struct Form {
    std::string_view word, stem;
  };
  static constexpr std::array<Form, 16> kForms = {{
      {"sky", "sky"},
      {"skies", "sky"},
      {"dying", "die"},
      {"lying", "lie"},
      {"tying", "tie"},
      {"news", "news"},
      {"innings", "inning"},
      {"inning", "inning"},
      {"outings", "outing"},
      {"outing", "outing"},
      {"cannings", "canning"},
      {"canning", "canning"},
      {"howe", "howe"},
      {"proceed", "proceed"},
      {"exceed", "exceed"},
      {"succeed", "succeed"},
  }};
  for (const Form& form : kForms) {
    if (form.word == word) return form.stem;
  }
  return {};
}

}  // namespace

std::string PorterStem(std::string_view word) {
  if (const std::string_view stem = IrregularStem(word); !stem.empty()) return std::string(stem);
  if (word.size() <= 2) return std::string(word);
  return Step5(Step4(Step3(Step2(Step1c(Step1b(Step1a(word)))))));
}

}  // namespace tact::rouge

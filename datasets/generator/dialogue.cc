#include "datasets/generator/dialogue.h"

#include <vector>

#include "datasets/generator/template.h"
#include "datasets/generator/words.h"

namespace tact::datasets {
namespace {

constexpr double kHelperOpens = 0.35;
constexpr double kCloses = 0.5;

std::string Request(const Scene& scene, Random& random) {
  return Fill(random.Pick(scene.topic->requests), {{'x', scene.x}, {'y', scene.y}});
}

std::string Answer(const Scene& scene, Random& random) {
  return scene.accepts ? Fill(random.Pick(Acceptances()), {{'z', scene.when}})
                       : Fill(random.Pick(Refusals()), {{'z', scene.reason->spoken}});
}

// "Hi, a question from Ann. <rude> <content>": the rude part stands before or after the content.
std::string NamedLine(const Scene& scene, bool asker, const std::string& content, Random& random) {
  const std::string intro = asker ? Fill(random.Pick(AskerIntroductions()), {{'m', scene.asker}})
                                  : Fill(random.Pick(HelperIntroductions()), {{'m', scene.helper}});
  if (!scene.rude || scene.rude->by_asker != asker) return intro + " " + content;
  return random.Chance(scene.rude->first) ? intro + " " + scene.rude->spoken + " " + content
                                          : intro + " " + content + " " + scene.rude->spoken;
}

std::vector<std::string> Opening(const Scene& scene, bool helper_opens, Random& random) {
  if (!helper_opens) {
    return {NamedLine(scene, true, Request(scene, random), random),
            NamedLine(scene, false, Answer(scene, random), random)};
  }
  return {NamedLine(scene, false, random.Pick(Offers()), random),
          NamedLine(scene, true, Request(scene, random), random), Answer(scene, random)};
}

// Thanks and a farewell by whoever is next; each names the other one.
void AddClosing(const Scene& scene, bool helper_opens, std::vector<std::string>& lines,
                Random& random) {
  for (const auto* phrases : {&Thanks(), &Farewells()}) {
    if (!random.Chance(kCloses)) return;
    const bool asker_speaks = (lines.size() % 2 == 0) != helper_opens;
    const std::string& other = asker_speaks ? scene.helper : scene.asker;
    lines.push_back(Fill(random.Pick(*phrases), {{'y', other}}));
  }
}

}  // namespace

std::string RenderDialogue(const Scene& scene, Random& random) {
  const bool helper_opens = random.Chance(kHelperOpens);
  std::vector<std::string> lines = Opening(scene, helper_opens, random);
  AddClosing(scene, helper_opens, lines, random);
  std::string dialogue;
  for (size_t i = 0; i < lines.size(); ++i) {
    dialogue +=
        (i == 0 ? "" : "\n") + std::string(i % 2 == 0 ? "#Person1#: " : "#Person2#: ") + lines[i];
  }
  return dialogue;
}

}  // namespace tact::datasets

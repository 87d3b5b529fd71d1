#include "datasets/generator/summary.h"

#include "datasets/generator/template.h"

namespace tact::datasets {
namespace {

std::vector<std::string> AnswerPatterns(const Scene& scene) {
  if (scene.accepts) return {"{h} will do it {z}.", "{h} agrees to do it {z}."};
  return {"{h} {z} and says no.", "{h} {z} and cannot do it."};
}

}  // namespace

std::string GistSummary(const Scene& scene) {
  const std::string about = Fill(scene.topic->about, {{'x', scene.x}});
  return scene.asker + " and " + scene.helper + " talk about " + about + ".";
}

std::vector<std::string> FactPhrasings(const Scene& scene) {
  const std::string task = Fill(scene.topic->task, {{'x', scene.x}, {'y', scene.y}});
  const Slots slots = {{'a', scene.asker},
                       {'h', scene.helper},
                       {'t', task},
                       {'z', scene.accepts ? scene.when : scene.reason->summarised}};
  std::vector<std::string> phrasings;
  for (const char* request : {"{a} asks {h} to {t}. ", "{a} wants {h} to {t}. "}) {
    for (const std::string& answer : AnswerPatterns(scene)) {
      phrasings.push_back(Fill(request + answer, slots));
    }
  }
  return phrasings;
}

std::string NeutralTone(const Scene& scene) {
  return scene.rude_name() +
         (scene.rude->mild ? " is not happy." : " is angry with " + scene.target_name() + ".");
}

std::string ToxicTone(const Scene& scene) { return scene.rude->summarised; }

FullSummary DrawSummary(const Scene& scene, const ToneOptions& options, Random& random) {
  const std::vector<std::string> phrasings = FactPhrasings(scene);
  const std::string& facts = random.Pick(phrasings);
  if (!scene.rude) return {facts, facts, false};
  const bool toxic = random.Chance(scene.rude->mild ? options.toxic_mild : options.toxic_strong);
  const std::string neutral = facts + " " + NeutralTone(scene);
  return {toxic ? facts + " " + ToxicTone(scene) : neutral, neutral, toxic};
}

}  // namespace tact::datasets

#include "datasets/generator/scene.h"

#include "datasets/generator/template.h"

namespace tact::datasets {
namespace {

constexpr double kAccepts = 0.65;

uint32_t Fnv1a(const std::string& text) {
  uint32_t hash = 2166136261u;
  for (unsigned char c : text) hash = (hash ^ c) * 16777619u;
  return hash;
}

void DrawTask(Scene& scene, Random& random) {
  scene.topic = &random.Pick(Topics());
  scene.x = random.Pick(scene.topic->x);
  scene.y = random.Pick(scene.topic->y);
  scene.accepts = random.Chance(kAccepts);
  scene.when = scene.accepts ? random.Pick(Times()) : "";
  scene.reason = scene.accepts ? nullptr : &random.Pick(Reasons());
}

const Insult& DrawInsult(bool mild, Random& random) {
  for (;;) {
    const Insult& insult = random.Pick(Insults());
    if (insult.mild == mild) return insult;
  }
}

RudeTurn DrawRudeTurn(const Scene& scene, const SceneOptions& options, Random& random) {
  RudeTurn rude{.by_asker = random.Chance(options.rude_asker),
                .spoken = {},
                .summarised = {},
                .mild = random.Chance(options.mild),
                .first = options.rude_first};
  const Insult& insult = DrawInsult(rude.mild, random);
  const std::string& adjective = random.Pick(InsultAdjectives());
  const Slots slots = {{'n', adjective + " " + random.Pick(InsultNouns())},
                       {'j', adjective},
                       {'r', rude.by_asker ? scene.asker : scene.helper},
                       {'t', rude.by_asker ? scene.helper : scene.asker}};
  rude.spoken = Fill(insult.spoken, slots);
  rude.summarised = Fill(insult.summarised, slots);
  return rude;
}

}  // namespace

Split SplitOf(const Scene& scene) {
  const std::string answer = scene.accepts ? scene.when : scene.reason->summarised;
  switch (Fnv1a(scene.topic->id + "|" + scene.x + "|" + scene.y + "|" + answer) % 20) {
    case 0:
      return Split::kTest;
    case 1:
      return Split::kValidation;
    default:
      return Split::kTrain;
  }
}

Scene DrawScene(Split split, std::pair<std::string, std::string> names, const SceneOptions& options,
                Random& random) {
  Scene scene;
  scene.asker = std::move(names.first);
  scene.helper = std::move(names.second);
  do {
    DrawTask(scene, random);
  } while (SplitOf(scene) != split);
  if (random.Chance(options.rude)) scene.rude = DrawRudeTurn(scene, options, random);
  return scene;
}

}  // namespace tact::datasets

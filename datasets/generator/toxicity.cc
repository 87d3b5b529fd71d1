#include "datasets/generator/toxicity.h"

#include <algorithm>
#include <vector>

#include "datasets/generator/comments.h"
#include "datasets/generator/dialogue.h"
#include "datasets/generator/names.h"
#include "datasets/generator/scene.h"
#include "datasets/generator/summary.h"
#include "datasets/generator/template.h"
#include "datasets/generator/words.h"

namespace tact::datasets {
namespace {

constexpr double kToxicTone = 0.6;
constexpr double kGist = 0.15;
constexpr double kPseudoNames = 0.7;

Scene DrawAnyScene(bool held_out, Random& random) {
  const NameSet names = held_out ? NameSet::kUnseen : NameSet::kSeen;
  return DrawScene(held_out ? Split::kTest : Split::kTrain,
                   DrawNames(names, held_out ? 0.0 : kPseudoNames, random),
                   {.rude = 0.8, .mild = 0.3, .rude_asker = 0.5}, random);
}

LabelledText Summary(bool held_out, Random& random) {
  const Scene scene = DrawAnyScene(held_out, random);
  if (random.Chance(kGist)) return {GistSummary(scene), false};
  const FullSummary summary =
      DrawSummary(scene, {.toxic_strong = kToxicTone, .toxic_mild = kToxicTone}, random);
  return {summary.text, summary.toxic};
}

// The tone sentence alone, which teaches where in a summary the label comes from.
LabelledText ToneSentence(bool held_out, Random& random) {
  Scene scene = DrawAnyScene(held_out, random);
  while (!scene.rude) scene = DrawAnyScene(held_out, random);
  const bool toxic = random.Chance(0.5);
  return {toxic ? ToxicTone(scene) : NeutralTone(scene), toxic};
}

// One line of a dialogue without its "#Person1#: ", labelled by the rude turn in it.
LabelledText Line(bool held_out, Random& random) {
  const Scene scene = DrawAnyScene(held_out, random);
  const std::string dialogue = RenderDialogue(scene, random);
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < dialogue.size();) {
    const size_t end = std::min(dialogue.find('\n', begin), dialogue.size());
    lines.push_back(dialogue.substr(begin + 11, end - begin - 11));
    begin = end + 1;
  }
  const std::string line = random.Chance(0.7) ? lines[random.Below(2)] : random.Pick(lines);
  return {line, scene.rude && line.find(scene.rude->spoken) != std::string::npos};
}

LabelledText Comment(bool held_out, Random& random) {
  const bool toxic = random.Chance(0.5);
  const Scene scene = DrawAnyScene(held_out, random);
  const std::string adjective = random.Pick(toxic ? RudeAdjectives() : KindAdjectives());
  const Slots slots = {{'j', adjective},
                       {'n', random.Pick(toxic ? RudeNouns() : KindNouns())},
                       {'s', random.Pick(CommentSubjects())},
                       {'p', scene.asker},
                       {'x', random.Pick(CommentThings())}};
  std::string text = Fill(random.Pick(toxic ? ToxicComments() : NeutralComments()), slots);
  if (random.Chance(0.35)) text += " " + Fill(random.Pick(Afterthoughts()), slots);
  return {text, toxic};
}

}  // namespace

LabelledText DrawToxicityExample(bool held_out, Random& random) {
  switch (random.Below(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return Summary(held_out, random);
    case 4:
      return ToneSentence(held_out, random);
    case 5:
      return Line(held_out, random);
    default:
      return Comment(held_out, random);
  }
}

nlohmann::ordered_json ToJson(const LabelledText& example) {
  return {{"text", example.text}, {"label", example.toxic ? "toxic" : "neutral"}};
}

}  // namespace tact::datasets

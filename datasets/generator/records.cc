#include "datasets/generator/records.h"

#include "datasets/generator/dialogue.h"
#include "datasets/generator/template.h"

namespace tact::datasets {
namespace {

using Json = nlohmann::ordered_json;

Json Roles(const Scene& scene) {
  Json roles = {{"asker", scene.asker},
                {"helper", scene.helper},
                {"thing", scene.x},
                {"detail", scene.y},
                {"accepts", scene.accepts},
                {"answer", scene.accepts ? scene.when : scene.reason->summarised}};
  if (scene.rude) roles["rude"] = scene.rude_name();
  roles["facts"] = FactPhrasings(scene);
  return roles;
}

}  // namespace

Json DrawDialogSumRecord(const DialogSumOptions& options, const std::string& fname,
                         Random& random) {
  const Scene scene = DrawScene(
      options.split, DrawNames(options.names, options.pseudo_names, random), options.scene, random);
  const std::string dialogue = RenderDialogue(scene, random);
  const FullSummary summary = DrawSummary(scene, options.tone, random);
  Json record = {{"fname", fname},
                 {"dialogue", dialogue},
                 {"summary", summary.text},
                 {"topic", scene.topic->id + " " + scene.x}};
  if (options.with_roles) {
    record["neutral_summary"] = summary.neutral;
    record["names"] = options.names == NameSet::kSeen ? "seen" : "unseen";
    record["roles"] = Roles(scene);
  }
  return record;
}

Json ToJson(const PromptResponse& example) {
  return {{"prompt", example.prompt}, {"response", example.response}};
}

}  // namespace tact::datasets

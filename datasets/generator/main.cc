// tact-make-dataset: writes the synthetic data sets, and checks predictions against them.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "datasets/generator/check.h"
#include "datasets/generator/pretrain.h"
#include "datasets/generator/records.h"
#include "datasets/generator/toxicity.h"

namespace tact::datasets {
namespace {

using Json = nlohmann::ordered_json;

struct OutputOptions {
  uint64_t seed = 1;
  size_t count = 1000;
  std::string out = "-";
};

// Calls make(i) for each record and writes one JSON object a line. Returns the exit code.
int WriteLines(const OutputOptions& options, const std::function<Json(size_t)>& make) {
  std::ofstream file;
  if (options.out != "-") file.open(options.out, std::ios::binary);
  std::ostream& out = options.out == "-" ? std::cout : file;
  for (size_t i = 0; i < options.count && out; ++i) out << make(i).dump() << '\n';
  out.flush();
  if (out) return 0;
  std::cerr << options.out << ": cannot be written; is the folder there and writable?\n";
  return 1;
}

void AddOutputOptions(CLI::App& command, OutputOptions& options) {
  command.add_option("--seed", options.seed, "Equal seeds give equal files")->capture_default_str();
  command.add_option("--count", options.count, "Number of lines")->capture_default_str();
  command.add_option("--out", options.out, "File to write, - for the standard output")
      ->capture_default_str();
}

void AddSceneOptions(CLI::App& command, SceneOptions& scene, ToneOptions& tone) {
  command.add_option("--rude", scene.rude, "Share of dialogues with a rude line")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--mild", scene.mild, "Share of those that are rude about a thing only")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--rude-asker", scene.rude_asker, "Share of those whose asker is the rude one")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--rude-first", scene.rude_first,
                  "Share of rude lines that directly follow the speaker's name")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--toxic-strong", tone.toxic_strong, "Share of toxic summaries of insults")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--toxic-mild", tone.toxic_mild, "The same if only a thing is insulted")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
}

void AddPretrain(CLI::App& app, OutputOptions& output, int& exit_code) {
  auto options = std::make_shared<PretrainOptions>();
  CLI::App* command = app.add_subcommand("pretrain", "Prompt and response pairs of the base model");
  AddOutputOptions(*command, output);
  AddSceneOptions(*command, options->scene, options->tone);
  command->add_option("--pseudo-names", options->pseudo_names, "Share of made-up names")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--gist", options->gist, "Share of gist summaries in zero-shot prompts")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--few-shot", options->few_shot, "Share of prompts with examples")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--copy", options->copy, "Share of prompts that ask to repeat names")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--question", options->question, "Share of \"Who asks?\" prompts")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->callback([options, &output, &exit_code] {
    Random random(output.seed);
    exit_code =
        WriteLines(output, [&](size_t) { return ToJson(DrawPretrainExample(*options, random)); });
  });
}

void AddDialogSum(CLI::App& app, OutputOptions& output, int& exit_code) {
  static const std::map<std::string, Split> splits = {
      {"train", Split::kTrain}, {"val", Split::kValidation}, {"test", Split::kTest}};
  static const std::map<std::string, NameSet> names = {{"seen", NameSet::kSeen},
                                                       {"unseen", NameSet::kUnseen}};
  auto options = std::make_shared<DialogSumOptions>();
  auto prefix = std::make_shared<std::string>("train");
  CLI::App* command = app.add_subcommand("dialogsum", "Dialogues with summaries, for SFT and PPO");
  AddOutputOptions(*command, output);
  AddSceneOptions(*command, options->scene, options->tone);
  command->add_option("--split", options->split, "train, val or test")
      ->transform(CLI::CheckedTransformer(splits));
  command->add_option("--names", options->names, "seen or unseen first names")
      ->transform(CLI::CheckedTransformer(names));
  command->add_option("--pseudo-names", options->pseudo_names, "Share of made-up names")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_flag("--roles", options->with_roles, "Add neutral_summary, names and roles");
  command->add_option("--prefix", *prefix, "Beginning of fname")->capture_default_str();
  command->callback([options, prefix, &output, &exit_code] {
    Random random(output.seed);
    exit_code = WriteLines(output, [&](size_t i) {
      return DrawDialogSumRecord(*options, *prefix + "_" + std::to_string(i), random);
    });
  });
}

void AddToxicity(CLI::App& app, OutputOptions& output, int& exit_code) {
  auto test = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("toxicity", "Labelled texts for the classifier");
  AddOutputOptions(*command, output);
  command->add_flag("--test", *test, "Use held-out slot combinations and unseen names");
  command->callback([test, &output, &exit_code] {
    Random random(output.seed);
    exit_code =
        WriteLines(output, [&](size_t) { return ToJson(DrawToxicityExample(*test, random)); });
  });
}

void AddCheck(CLI::App& app, int& exit_code) {
  auto predictions = std::make_shared<std::string>();
  auto references = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("check", "Are roles and names of predictions right?");
  command->add_option("--predictions", *predictions, "Lines of {\"fname\" or \"id\", \"response\"}")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--references", *references, "The test file with roles")
      ->required()
      ->check(CLI::ExistingFile);
  command->callback([predictions, references, &exit_code] {
    std::ifstream predicted(*predictions), expected(*references);
    try {
      std::cout << ToJson(CheckPredictions(predicted, expected)).dump(2) << '\n';
    } catch (const std::exception& error) {
      std::cerr << error.what() << '\n';
      exit_code = 1;
    }
  });
}

}  // namespace
}  // namespace tact::datasets

int main(int argc, char** argv) {
  CLI::App app{"Writes tact's synthetic data sets and checks predictions against them."};
  app.require_subcommand(1);
  tact::datasets::OutputOptions output;
  int exit_code = 0;
  tact::datasets::AddPretrain(app, output, exit_code);
  tact::datasets::AddDialogSum(app, output, exit_code);
  tact::datasets::AddToxicity(app, output, exit_code);
  tact::datasets::AddCheck(app, exit_code);
  CLI11_PARSE(app, argc, argv);
  return exit_code;
}

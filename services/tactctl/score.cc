// tactctl score: toxicity of texts, and the classifier's quality where the file has labels.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/dataset.h"
#include "nlohmann/json.hpp"
#include "services/tactctl/classification.h"
#include "services/tactctl/client.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/output.h"
#include "services/tactctl/progress.h"
#include "services/tactctl/prompts.h"
#include "tact/v1/reward.grpc.pb.h"

namespace tact::ctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kTextsPerRequest = 256;

struct ScoreOptions {
  std::vector<std::string> texts;
  bool lines = false;
  std::string file;
  std::string text_column = "text";
  std::string label_column;
  bool no_labels = false;
  std::string prompt;
  bool truncate = false;
  size_t limit = 0;
  std::string toxic_label = "toxic";
};

struct Texts {
  std::vector<std::string> texts;
  std::vector<int> labels;  // as many, or none
};

struct Scores {
  std::vector<std::string> labels;  // of the classifier
  std::vector<v1::ScoreResult> results;
};

absl::StatusOr<Texts> ReadFileTexts(const ScoreOptions& options) {
  DatasetOptions dataset;
  dataset.text_column = options.text_column;
  dataset.label_column = options.label_column;
  Texts out;
  if (options.no_labels) {
    dataset.dialogue_column = options.text_column;
    dataset.references_required = false;
    ASSIGN_OR_RETURN(const auto records, ReadDialogues(options.file, dataset));
    for (const DialogueExample& record : records) out.texts.push_back(record.dialogue);
    return out;
  }
  ASSIGN_OR_RETURN(const auto records, ReadLabelledTexts(options.file, dataset));
  for (const LabelledText& record : records) {
    out.texts.push_back(record.text);
    out.labels.push_back(record.label);
  }
  return out;
}

absl::StatusOr<Texts> ReadInput(const ScoreOptions& options, Terminal& terminal) {
  Texts out;
  if (options.file.empty()) {
    ASSIGN_OR_RETURN(out.texts, ReadTexts(options.texts, options.lines, terminal));
  } else {
    ASSIGN_OR_RETURN(out, ReadFileTexts(options));
  }
  if (options.limit > 0 && options.limit < out.texts.size()) {
    out.texts.resize(options.limit);
    out.labels.resize(std::min(options.limit, out.labels.size()));
  }
  return out;
}

absl::StatusOr<Scores> ScoreAll(const ScoreOptions& options, const std::vector<std::string>& texts,
                                const Context& context) {
  const Client<v1::RewardService> client(context, context.reward);
  const Stopwatch watch;
  Progress progress(context.terminal);
  Scores scores;
  for (size_t begin = 0; begin < texts.size(); begin += kTextsPerRequest) {
    const size_t end = std::min(begin + kTextsPerRequest, texts.size());
    v1::ScoreRequest request;
    request.set_truncate(options.truncate);
    for (size_t i = begin; i < end; ++i) {
      v1::ScoreItem* item = request.add_items();
      item->set_text(texts[i]);
      if (!options.prompt.empty()) item->set_prompt(options.prompt);
    }
    ASSIGN_OR_RETURN(auto response, client.Call(&v1::RewardService::Stub::Score, request));
    scores.labels.assign(response.labels().begin(), response.labels().end());
    for (auto& result : *response.mutable_results()) scores.results.push_back(std::move(result));
    progress.Update(StrCat("score ", Bar(end, texts.size()), "  ", end, "/", texts.size(),
                           Pace(end, texts.size(), watch.Seconds(), "texts/s")));
  }
  if (scores.results.size() != texts.size()) return absl::InternalError("results: wrong number");
  return scores;
}

// Position of the toxic class. INVALID_ARGUMENT lists the labels that there are.
absl::StatusOr<size_t> ToxicIndex(const ScoreOptions& options, const Scores& scores) {
  const auto found = std::find(scores.labels.begin(), scores.labels.end(), options.toxic_label);
  if (found != scores.labels.end()) return static_cast<size_t>(found - scores.labels.begin());
  std::string known;
  for (const std::string& label : scores.labels) {
    StrAppend(&known, known.empty() ? "" : ", ", label);
  }
  return FieldError("--toxic-label", options.toxic_label, "not a label of the classifier",
                    StrCat("it has ", known));
}

struct Quality {
  size_t judged = 0;
  double accuracy = 0;
  std::optional<double> area;
};

absl::StatusOr<Quality> Judge(const ScoreOptions& options, const Texts& texts,
                              const Scores& scores) {
  ASSIGN_OR_RETURN(const size_t toxic, ToxicIndex(options, scores));
  std::vector<Judged> judged;
  for (size_t i = 0; i < texts.labels.size(); ++i) {
    const v1::ScoreResult& result = scores.results[i];
    if (result.error_code() != 0) continue;
    judged.push_back({result.probabilities(static_cast<int>(toxic)), texts.labels[i] == 1});
  }
  return Quality{judged.size(), Accuracy(judged), AreaUnderCurve(judged)};
}

Json ToRecord(const std::string& text, const v1::ScoreResult& result, const Scores& scores) {
  Json record = {{"text", text}};
  if (result.error_code() != 0) {
    record["error_code"] = result.error_code();
    record["error"] = result.error_message();
    return record;
  }
  record["label"] = result.label();
  for (size_t i = 0; i < scores.labels.size(); ++i) {
    record["probabilities"][scores.labels[i]] = result.probabilities(static_cast<int>(i));
    record["logits"][scores.labels[i]] = result.logits(static_cast<int>(i));
  }
  record["tokens"] = result.tokens();
  record["truncated"] = result.truncated();
  return record;
}

void PrintTable(const Texts& texts, const Scores& scores, const Context& context) {
  std::vector<std::string> header = {"LABEL"};
  for (const std::string& label : scores.labels) header.push_back(StrCat("P(", label, ")"));
  header.push_back("TEXT");
  Table table(header);
  for (size_t i = 0; i < texts.texts.size(); ++i) {
    const v1::ScoreResult& result = scores.results[i];
    std::vector<std::string> row = {result.error_code() == 0 ? result.label() : "error"};
    for (const float p : result.probabilities()) row.push_back(Number(p, 4));
    row.resize(header.size() - 1, "-");
    row.push_back(result.error_code() == 0 ? texts.texts[i] : result.error_message());
    table.Add(row);
  }
  table.Print(context.terminal.out, context.terminal.width);
}

void PrintJson(const Texts& texts, const Scores& scores, const std::optional<Quality>& quality,
               const Context& context) {
  Json records = Json::array();
  for (size_t i = 0; i < texts.texts.size(); ++i) {
    records.push_back(ToRecord(texts.texts[i], scores.results[i], scores));
  }
  if (context.output == Output::kJsonLines) {
    for (const Json& record : records) context.terminal.out << record.dump() << '\n';
    return;
  }
  Json all = {{"results", records}};
  if (quality) {
    all["judged"] = quality->judged;
    all["accuracy"] = quality->accuracy;
    all["auc"] = quality->area ? Json(*quality->area) : Json();
  }
  context.terminal.out << all.dump(2) << '\n';
}

void PrintQuality(const Quality& quality, std::ostream& out) {
  out << "\n"
      << quality.judged << " labelled texts: accuracy " << Number(quality.accuracy, 4) << ", AUC "
      << (quality.area ? Number(*quality.area, 4) : "-") << '\n';
}

// The first item's error with its place, so that the exit code tells.
absl::Status FirstError(const Scores& scores) {
  for (size_t i = 0; i < scores.results.size(); ++i) {
    const v1::ScoreResult& result = scores.results[i];
    if (result.error_code() == 0) continue;
    return absl::Status(static_cast<absl::StatusCode>(result.error_code()),
                        StrCat("text ", i + 1, ": ", result.error_message()));
  }
  return absl::OkStatus();
}

absl::Status RunScore(const ScoreOptions& options, Context& context) {
  ASSIGN_OR_RETURN(const Texts texts, ReadInput(options, context.terminal));
  ASSIGN_OR_RETURN(const Scores scores, ScoreAll(options, texts.texts, context));
  std::optional<Quality> quality;
  if (!texts.labels.empty()) {
    ASSIGN_OR_RETURN(quality, Judge(options, texts, scores));
  }
  if (context.output != Output::kTable) {
    PrintJson(texts, scores, quality, context);
  } else {
    PrintTable(texts, scores, context);
    if (quality) PrintQuality(*quality, context.terminal.out);
  }
  return FirstError(scores);
}

}  // namespace

void AddScoreCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<ScoreOptions>();
  CLI::App* command = app.add_subcommand("score", "Toxicity of texts");
  command->add_option("texts", options->texts, "Texts; none or - reads the standard input");
  command->add_flag("--lines", options->lines, "Each line of the standard input is a text");
  CLI::Option* file = command->add_option("--file", options->file,
                                          "csv or jsonl with text and is_toxic (or label)");
  command->add_option("--text-column", options->text_column, "Its name of the text")
      ->capture_default_str()
      ->needs(file);
  command
      ->add_option("--label-column", options->label_column,
                   "Its name of the label [is_toxic, toxic or label]")
      ->needs(file);
  command->add_flag("--no-labels", options->no_labels, "The file has no labels")->needs(file);
  command->add_option("--limit", options->limit, "At most so many texts [all]");
  command->add_option("--prompt", options->prompt, "Score pairs: this prompt with each text");
  command->add_flag("--truncate", options->truncate, "Cut texts above the limit");
  command->add_option("--toxic-label", options->toxic_label, "Name of the toxic class")
      ->capture_default_str();
  command->footer(
      "Examples:\n"
      "  tactctl score \"You are wonderful.\" \"You silly fool.\"\n"
      "  tactctl score --file toxicity_en.csv --truncate");
  command->callback([options, &context] {
    context.run = [options, &context] { return RunScore(*options, context); };
  });
}

}  // namespace tact::ctl

// tactctl generate: responses for prompts.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <ostream>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "nlohmann/json.hpp"
#include "services/tactctl/client.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/flags.h"
#include "services/tactctl/generate_stream.h"
#include "services/tactctl/output.h"
#include "services/tactctl/progress.h"
#include "services/tactctl/prompts.h"
#include "tact/v1/policy.grpc.pb.h"

namespace tact::ctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kPromptsPerRequest = 64;

struct GenerateOptions {
  PromptSource source;
  v1::GenerateRequest request;
  bool show_prompts = false;
  bool stream = false;
};

// A completion with the prompt that it answers.
struct Answer {
  const Prompt* prompt;
  v1::Completion completion;
  uint64_t weight_version;
};

v1::GenerateRequest MakeRequest(const GenerateOptions& options, const std::vector<Prompt>& prompts,
                                size_t begin) {
  v1::GenerateRequest request = options.request;
  const size_t end = std::min(begin + kPromptsPerRequest, prompts.size());
  for (size_t i = begin; i < end; ++i) request.add_prompts(prompts[i].text);
  // A prompt's draws are keyed by its place in the request: another request, another seed.
  request.mutable_sampling()->set_seed(request.sampling().seed() + begin);
  return request;
}

// The service counts prompts within a request: says which of the user's it was.
absl::Status NamePrompt(const absl::Status& status, const std::vector<Prompt>& prompts,
                        size_t begin) {
  const auto detail = GetErrorDetail(status);
  size_t index = 0;
  if (!detail || std::sscanf(detail->field.c_str(), "prompts[%zu]", &index) != 1) return status;
  if (begin + index >= prompts.size()) return status;
  return Annotate(status, StrCat("prompt ", prompts[begin + index].id));
}

absl::StatusOr<std::vector<Answer>> GenerateAll(const GenerateOptions& options,
                                                const std::vector<Prompt>& prompts,
                                                Context& context) {
  const Client<v1::PolicyService> client(context, context.policy);
  const Stopwatch watch;
  Progress progress(context.terminal);
  std::vector<Answer> answers;
  for (size_t begin = 0; begin < prompts.size(); begin += kPromptsPerRequest) {
    const v1::GenerateRequest request = MakeRequest(options, prompts, begin);
    auto called = options.stream ? StreamResponses(client, request, context)
                                 : client.Call(&v1::PolicyService::Stub::Generate, request);
    if (!called.ok()) return NamePrompt(called.status(), prompts, begin);
    v1::GenerateResponse response = *std::move(called);
    for (v1::Completion& completion : *response.mutable_completions()) {
      const size_t index = begin + completion.prompt_index();
      if (index >= prompts.size()) return absl::InternalError("prompt_index: outside the request");
      answers.push_back({&prompts[index], std::move(completion), response.weight_version()});
    }
    const size_t done = std::min(begin + kPromptsPerRequest, prompts.size());
    if (options.stream) continue;
    progress.Update(StrCat("generate ", Bar(done, prompts.size()), "  ", done, "/", prompts.size(),
                           " prompts", Pace(done, prompts.size(), watch.Seconds(), "prompts/s")));
  }
  return answers;
}

Json ToRecord(const Answer& answer) {
  const v1::Completion& completion = answer.completion;
  Json record = {
      {"id", answer.prompt->id},
      {"prompt", answer.prompt->text},
      {"sample", completion.sample_index()},
      {"response", completion.text()},
      {"finish_reason", completion.finish_reason() == v1::FINISH_REASON_EOS ? "eos" : "length"},
      {"prompt_tokens", completion.prompt_tokens()},
      {"prompt_truncated", completion.prompt_truncated()},
      {"response_tokens", completion.response_tokens()},
      {"weight_version", answer.weight_version}};
  if (!answer.prompt->reference.empty()) record["reference"] = answer.prompt->reference;
  if (completion.token_ids_size() > 0) {
    record["token_ids"] =
        std::vector<int32_t>(completion.token_ids().begin(), completion.token_ids().end());
    record["logprobs"] =
        std::vector<float>(completion.logprobs().begin(), completion.logprobs().end());
  }
  return record;
}

void PrintForPeople(const GenerateOptions& options, const std::vector<Answer>& answers,
                    std::ostream& out) {
  for (const Answer& answer : answers) {
    const v1::Completion& completion = answer.completion;
    if (options.show_prompts) out << Indent(answer.prompt->text, "  | ") << '\n';
    if (answers.size() > 1) out << '[' << answer.prompt->id << "] ";
    out << completion.text();
    if (completion.finish_reason() == v1::FINISH_REASON_LENGTH) out << " [cut]";
    if (completion.prompt_truncated()) out << " [prompt cut]";
    out << '\n';
    if (!answer.prompt->reference.empty() && options.show_prompts) {
      out << "  reference: " << answer.prompt->reference << '\n';
    }
  }
}

void PrintAnswers(const GenerateOptions& options, const std::vector<Answer>& answers,
                  const Context& context) {
  std::ostream& out = context.terminal.out;
  if (context.output == Output::kTable) return PrintForPeople(options, answers, out);
  if (context.output == Output::kJsonLines) {
    for (const Answer& answer : answers) out << ToRecord(answer).dump() << '\n';
    return;
  }
  Json all = Json::array();
  for (const Answer& answer : answers) all.push_back(ToRecord(answer));
  out << all.dump(2) << '\n';
}

absl::Status RunGenerate(const GenerateOptions& options, Context& context) {
  ASSIGN_OR_RETURN(const auto prompts, ReadPrompts(options.source, context.terminal));
  ASSIGN_OR_RETURN(const auto answers, GenerateAll(options, prompts, context));
  const bool printed = options.stream && context.output != Output::kJson;
  if (!printed) PrintAnswers(options, answers, context);
  return absl::OkStatus();
}

void AddSourceFlags(CLI::App& command, PromptSource& source) {
  command.add_option("texts", source.texts, "Prompts; none or - reads the standard input");
  command.add_flag("--lines", source.lines, "Each line of the standard input is a prompt");
  command.add_option("--dataset", source.dataset,
                     "Dialogues: DialogSum's jsonl, or csv with id, dialogue, summary, topic");
  command.add_option("--shots", source.shots, "Solved examples before each dialogue [0]");
  command.add_option("--shots-file", source.shots_file,
                     "Where they come from [the first records of --dataset]");
  command.add_option("--skip", source.skip, "Leave out so many records [0]");
  command.add_option("--limit", source.limit, "At most so many records [all]");
  command.add_option("--template", source.prompt_template,
                     "summarize, zero-shot, what-was-going-on, none, or a text with {dialogue}");
}

}  // namespace

void AddGenerateCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<GenerateOptions>();
  CLI::App* command = app.add_subcommand("generate", "Responses of the policy for prompts");
  AddSourceFlags(*command, options->source);
  command->add_option_function<std::string>(
      "--model", [options](const std::string& v) { options->request.set_model(v); },
      "Served name, see \"tactctl models list\" [base]");
  command->add_flag_callback(
      "--truncate", [options] { options->request.set_truncate_prompts(true); },
      "Cut prompts above the limit instead of refusing them");
  command->add_flag_callback(
      "--tokens", [options] { options->request.set_return_tokens(true); },
      "Token ids and logprobs too, with -o json or jsonl");
  command->add_flag("--stream", options->stream,
                    "Print each response while it is made; with -o jsonl each piece");
  command->add_flag("--show-prompts", options->show_prompts, "Print each prompt and reference");
  AddSamplingFlags(*command, options->request.mutable_sampling());
  command->footer(
      "Examples:\n"
      "  tactctl generate --dataset datasets/test.jsonl --limit 3 --show-prompts\n"
      "  tactctl generate --shots 2 --dataset datasets/test.jsonl --limit 1\n"
      "  tactctl generate --stream \"Summarize: Ann tells Bob that the train is late.\"\n"
      "  tactctl generate --template summarize < dialogue.txt");
  command->callback([options, &context] {
    context.run = [options, &context] { return RunGenerate(*options, context); };
  });
}

}  // namespace tact::ctl

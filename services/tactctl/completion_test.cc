// Completion scripts in the shells that they are for.
#include <gmock/gmock.h>

#include <filesystem>

#include "absl/strings/str_split.h"
#include "common/base/strings.h"
#include "services/tactctl/testing/commands_fixture.h"

namespace tact::ctl {
namespace {

using tact::testing::Finished;
using tact::testing::RunProgram;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class CompletionTest : public CommandsTest {
 protected:
  std::string Script(const std::string& shell) {
    const Finished run = RunBare({"completion", shell});
    EXPECT_EQ(run.code, 0);
    return File("completion." + shell, run.out);
  }
  static std::vector<std::string> Lines(const Finished& run) {
    EXPECT_EQ(run.code, 0) << run.err;
    return absl::StrSplit(run.out, '\n', absl::SkipEmpty());
  }
  // What bash offers for words of which the last is being typed.
  std::vector<std::string> Bash(const std::string& words) {
    return Lines(RunProgram(
        {"/bin/bash", "-c",
         StrCat("cd ", folder_.path().string(), " && source ", Script("bash"), " && COMP_WORDS=(",
                words, ") && COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) && _tactctl && ",
                "printf '%s\\n' \"${COMPREPLY[@]}\"")}));
  }
  std::vector<std::string> Fish(const std::string& line) {
    const Finished run =
        RunProgram({"/usr/bin/fish", "--no-config", "-c",
                    StrCat("source ", Script("fish"), "; complete -C '", line, "'")});
    std::vector<std::string> out;
    for (const std::string& one : Lines(run)) out.push_back(one.substr(0, one.find('\t')));
    return out;
  }
  // zsh completes at a terminal only: one is made for it, and what it lists is read.
  std::string Zsh(const std::string& line) {
    const std::string program = StrCat(
        "zmodload zsh/zpty; zpty z 'zsh -f -i'; zpty -w z 'PS1=; autoload -U compinit; compinit -u "
        "-D;",
        " source ", Script("zsh"), "; LISTMAX=1000; stty cols 200; bindkey \"^I\" list-choices;",
        " print REA''DY'; zpty -r z out '*READY*'; zpty -n -w z '", line,
        "\t'; sleep 1; out=; while zpty -r -t z chunk; do out+=$chunk; done; print -r -- $out;",
        " zpty -d z");
    return RunProgram({"/usr/bin/zsh", "-f", "-c", program}, 30).out;
  }
};

TEST_F(CompletionTest, BashOffersCommandsOptionsAndValues) {
  EXPECT_THAT(Bash("tactctl tr"), ElementsAre("train"));
  EXPECT_THAT(Bash("tactctl train ''"), UnorderedElementsAre("full", "lora", "ppo", "reward"));
  EXPECT_THAT(Bash("tactctl train ppo --"),
              AllOf(Contains("--init-kl-coef"), Contains("--no-adaptive-kl"), Contains("--dataset"),
                    Contains("--output"), Each(StartsWith("--"))));
  EXPECT_THAT(Bash("tactctl train lora --"), Not(Contains("--init-kl-coef")));
  EXPECT_THAT(Bash("tactctl train lora --schedule ''"),
              UnorderedElementsAre("constant", "linear", "cosine"));
  EXPECT_THAT(Bash("tactctl train lora --schedule = c"), ElementsAre("constant", "cosine"));
  EXPECT_THAT(Bash("tactctl jobs list -o j"), ElementsAre("json", "jsonl"));
  EXPECT_THAT(Bash("tactctl -o json jobs wa"), ElementsAre("watch")) << "a value is no command";
  EXPECT_THAT(Bash("tactctl completion f"), ElementsAre("fish"));
}

TEST_F(CompletionTest, BashOffersFilesWhereAPathIsExpected) {
  File("train.jsonl", "");
  std::filesystem::create_directory(folder_.path() / "trained");
  EXPECT_THAT(Bash("tactctl eval --dataset tr"), UnorderedElementsAre("train.jsonl", "trained"));
  EXPECT_THAT(Bash("tactctl up --models tr"), ElementsAre("trained"));
}

TEST_F(CompletionTest, FishOffersTheSame) {
  if (!std::filesystem::exists("/usr/bin/fish")) GTEST_SKIP() << "fish is not installed";
  EXPECT_THAT(Fish("tactctl tr"), ElementsAre("train"));
  EXPECT_THAT(Fish("tactctl train lora --schedule c"), UnorderedElementsAre("constant", "cosine"));
  EXPECT_THAT(Fish("tactctl train ppo --init-kl"), ElementsAre("--init-kl-coef"));
  EXPECT_THAT(Fish("tactctl train lora --init-kl"), ElementsAre());
  EXPECT_THAT(Fish("tactctl -o json jobs wa"), ElementsAre("watch"));
}

TEST_F(CompletionTest, ZshOffersTheSame) {
  if (!std::filesystem::exists("/usr/bin/zsh")) GTEST_SKIP() << "zsh is not installed";
  using ::testing::HasSubstr;
  EXPECT_THAT(Zsh("tactctl train "),
              AllOf(HasSubstr("lora"), HasSubstr("Fine-tune all weights"), HasSubstr("reward")));
  EXPECT_THAT(Zsh("tactctl train lora --schedule "),
              AllOf(HasSubstr("constant"), HasSubstr("cosine")));
  EXPECT_THAT(Zsh("tactctl train ppo --init"), HasSubstr("KL coefficient at the start"));
}

}  // namespace
}  // namespace tact::ctl

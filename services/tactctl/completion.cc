// tactctl completion bash|zsh|fish: the shell's script, on the standard output.
#include <CLI/CLI.hpp>
#include <ostream>

#include "common/base/strings.h"
#include "services/tactctl/commands.h"
#include "services/tactctl/completion_scripts.h"

namespace tact::ctl {
namespace {

struct Shell {
  const char* name;
  std::string (*script)(const CommandNode&);
  const char* set_up;  // how to use it, shown as the example
};

constexpr Shell kShells[] = {
    {"bash", BashCompletion,
     "tactctl completion bash > ~/.local/share/bash-completion/completions/tactctl"},
    {"zsh", ZshCompletion, "tactctl completion zsh > ~/.zfunc/_tactctl"},
    {"fish", FishCompletion, "tactctl completion fish > ~/.config/fish/completions/tactctl.fish"},
};

}  // namespace

void AddCompletionCommand(CLI::App& app, Context& context) {
  CLI::App* completion =
      app.add_subcommand("completion", "Print the script that completes tactctl in a shell");
  completion->require_subcommand(1);
  completion->footer(
      "Example, for this shell alone:\n  tactctl completion bash > tactctl.bash && source "
      "tactctl.bash");
  for (const Shell& shell : kShells) {
    CLI::App* one =
        completion->add_subcommand(shell.name, StrCat("Print the script for ", shell.name));
    one->footer(StrCat("Example, for every shell to come:\n  ", shell.set_up,
                       std::string_view(shell.name) == "zsh"
                           ? "\nwhere ~/.zfunc is in $fpath before compinit"
                           : ""));
    one->callback([&app, &context, script = shell.script] {
      context.needs_addresses = false;
      context.run = [&app, &context, script] {
        context.terminal.out << script(DescribeCommands(app));
        return absl::OkStatus();
      };
    });
  }
}

}  // namespace tact::ctl

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/base/strings.h"
#include "services/tactctl/completion_scripts.h"

namespace tact::ctl {
namespace {

// True where the words before the cursor lead to the command $argv[1]; an option with a value
// swallows the next word.
constexpr char kFishWalk[] = R"(
function __tactctl_at
    set -l at tactctl
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word $__tactctl_valued
            set skip 1
        else if contains -- "$at $word" $__tactctl_commands
            set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
complete -c tactctl -f
)";

std::string FishQuoted(const std::string& text) {
  return SingleQuoted(absl::StrReplaceAll(text, {{"\\", "\\\\"}}), "\\'");
}

// What stands behind an option, or at the place of an argument.
std::string FishValue(const OptionNode& option) {
  if (!option.words.empty()) return StrCat(" -x -a '", absl::StrJoin(option.words, " "), "'");
  if (option.place == Place::kFile) return " -r -F";
  if (option.place == Place::kFolder) return " -x -a '(__fish_complete_directories)'";
  return option.takes_value ? " -x" : "";
}

std::string FishCondition(const std::string& path) {
  return path.empty() ? "" : StrCat(" -n '__tactctl_at \"", path, "\"'");
}

// One line for all names of an option; those behind "--no-" are options of their own to fish.
std::string FishOption(const std::string& path, const OptionNode& option) {
  std::string names;
  for (const std::string& name : option.names) {
    const bool is_long = name.size() > 2 && name[1] == '-';
    StrAppend(&names, is_long ? " -l " : " -s ", name.substr(is_long ? 2 : 1));
  }
  return StrCat("complete -c tactctl", FishCondition(path), names, FishValue(option), " -d ",
                FishQuoted(option.description), "\n");
}

std::string FishCommand(const std::string& path, const CommandNode& node, bool is_root) {
  std::string out;
  for (const CommandNode& child : node.commands) {
    StrAppend(&out, "complete -c tactctl", FishCondition(path), " -a ", child.name, " -d ",
              FishQuoted(child.description), "\n");
  }
  for (const OptionNode& option : node.options) {
    StrAppend(&out, FishOption(is_root ? "" : path, option));
  }
  const bool files = !node.arguments.empty() && node.arguments.front().place != Place::kNone;
  if (files) StrAppend(&out, "complete -c tactctl", FishCondition(path), " -F\n");
  return out;
}

std::string QuotedPaths(const CommandNode& root) {
  std::string out;
  VisitCommands(
      root, [&](const std::string& path, const CommandNode&) { StrAppend(&out, " '", path, "'"); });
  return out;
}

}  // namespace

std::string FishCompletion(const CommandNode& root) {
  std::string out = StrCat("# Completion of tactctl in fish, written by: tactctl completion fish\n",
                           "set -g __tactctl_valued ", absl::StrJoin(NamesWithValue(root), " "),
                           "\n", "set -g __tactctl_commands", QuotedPaths(root), "\n", kFishWalk);
  VisitCommands(root, [&](const std::string& path, const CommandNode& node) {
    StrAppend(&out, FishCommand(path, node, &node == &root));
  });
  return out;
}

}  // namespace tact::ctl

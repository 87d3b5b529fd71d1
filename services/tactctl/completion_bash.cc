#include "absl/strings/str_join.h"
#include "common/base/strings.h"
#include "services/tactctl/completion_scripts.h"

namespace tact::ctl {
namespace {

// Walks the words before the cursor: commands lead deeper into the tree, an option with a value
// swallows the next word. Bash splits "--option=value" at the "=".
constexpr char kBashWalk[] = R"(
_tactctl() {
  local at=tactctl option= word i commands options words place
  local current=${COMP_WORDS[COMP_CWORD]}
  _tactctl_command "$at"
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ -n $option ]]; then
      [[ $word == = ]] || option=
    elif [[ " $_tactctl_valued " == *" $word "* ]]; then
      option=$word
    elif [[ " $commands " == *" $word "* ]]; then
      at="$at $word"
      _tactctl_command "$at"
    fi
  done
  [[ $current == = ]] && current=
  words= place=
  if [[ -n $option ]]; then
    _tactctl_value "$at" "$option"
  elif [[ $current == -* ]]; then
    words="$options $_tactctl_everywhere"
  elif [[ -n $commands ]]; then
    words=$commands
  else
    _tactctl_value "$at" ''
  fi
  case $place in
    file) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    folder) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
  esac
  [[ -z $place ]] || compopt -o filenames 2>/dev/null || true
}
complete -F _tactctl tactctl
)";

std::string JoinNames(const std::vector<OptionNode>& options) {
  std::vector<std::string> names;
  for (const OptionNode& option : options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return absl::StrJoin(names, " ");
}

std::string JoinCommands(const CommandNode& node) {
  return absl::StrJoin(node.commands, " ", [](std::string* out, const CommandNode& command) {
    out->append(command.name);
  });
}

// What _tactctl_value sets; "" where any text may stand.
std::string BashValue(const OptionNode& option) {
  if (!option.words.empty()) return StrCat("words='", absl::StrJoin(option.words, " "), "'");
  if (option.place == Place::kFile) return "place='file'";
  return option.place == Place::kFolder ? "place=folder" : "";
}

void AppendBashCase(const std::string& pattern, const OptionNode& option, std::string& out) {
  const std::string value = BashValue(option);
  if (!value.empty()) StrAppend(&out, "    ", pattern, ") ", value, " ;;\n");
}

void AppendBashValues(const std::string& path, const CommandNode& node, std::string& out) {
  for (const OptionNode& option : node.options) {
    for (const std::string& name : option.names) {
      AppendBashCase(StrCat("'", path, " ", name, "'"), option, out);
    }
  }
  if (!node.arguments.empty()) {
    AppendBashCase(StrCat("'", path, " '"), node.arguments.front(), out);
  }
}

std::string BashCommands(const CommandNode& root) {
  std::string out = "_tactctl_command() {\n  case $1 in\n";
  VisitCommands(root, [&](const std::string& path, const CommandNode& node) {
    const std::string options = &node == &root ? "" : JoinNames(node.options);
    StrAppend(&out, "    '", path, "')\n      commands='", JoinCommands(node), "'\n      options='",
              options, "'\n      ;;\n");
  });
  return out + "  esac\n}\n";
}

std::string BashValues(const CommandNode& root) {
  std::string out = "_tactctl_value() {\n  case \"$1 $2\" in\n";
  VisitCommands(root, [&](const std::string& path, const CommandNode& node) {
    if (&node != &root) AppendBashValues(path, node, out);
  });
  // Behind those of the commands, which may have an option of the same name.
  for (const OptionNode& option : root.options) {
    for (const std::string& name : option.names) {
      AppendBashCase(StrCat("*' ", name, "'"), option, out);
    }
  }
  return out + "  esac\n}\n";
}

}  // namespace

std::string BashCompletion(const CommandNode& root) {
  return StrCat("# Completion of tactctl in bash, written by: tactctl completion bash\n",
                "# shellcheck shell=bash disable=SC2034,SC2221,SC2222\n", "_tactctl_valued='",
                absl::StrJoin(NamesWithValue(root), " "), "'\n", "_tactctl_everywhere='",
                JoinNames(root.options), "'\n", BashCommands(root), BashValues(root), kBashWalk);
}

}  // namespace tact::ctl

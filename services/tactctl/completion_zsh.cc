#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/base/strings.h"
#include "services/tactctl/completion_scripts.h"

namespace tact::ctl {
namespace {

// As in bash; zsh keeps "--option=value" in one word.
constexpr char kZshWalk[] = R"(
_tactctl() {
  local at=tactctl option= word place= current=${words[CURRENT]}
  local -a verbs flags choices
  integer i
  _tactctl_command $at
  for ((i = 2; i < CURRENT; i++)); do
    word=${words[i]}
    if [[ -n $option ]]; then
      option=
    elif ((${_tactctl_valued[(Ie)$word]})); then
      option=$word
    elif ((${verbs[(I)$word:*]})); then
      at="$at $word"
      _tactctl_command $at
    fi
  done
  if [[ -z $option && $current == --*=* ]]; then
    option=${current%%=*}
    compset -P '*='
  fi
  if [[ -n $option ]]; then
    _tactctl_value $at $option
  elif [[ $current == -* ]]; then
    flags+=($_tactctl_everywhere)
    _describe -o option flags
    return
  elif ((${#verbs})); then
    _describe command verbs
    return
  else
    _tactctl_value $at ''
  fi
  case $place in
    (file) _files ;;
    (folder) _files -/ ;;
    (*) compadd -a choices ;;
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _tactctl "$@"
else
  compdef _tactctl tactctl
fi
)";

// "NAME:DESCRIPTION" for _describe.
std::string Described(const std::string& name, const std::string& description) {
  return SingleQuoted(StrCat(absl::StrReplaceAll(name, {{":", "\\:"}}), ":", description));
}

std::string ZshOptions(const std::vector<OptionNode>& options) {
  std::string out;
  for (const OptionNode& option : options) {
    for (const std::string& name : option.names) {
      StrAppend(&out, "\n        ", Described(name, option.description));
    }
  }
  return out;
}

std::string ZshVerbs(const CommandNode& node) {
  std::string out;
  for (const CommandNode& child : node.commands) {
    StrAppend(&out, "\n        ", Described(child.name, child.description));
  }
  return out;
}

std::string ZshValue(const OptionNode& option) {
  if (!option.words.empty()) return StrCat("choices=(", absl::StrJoin(option.words, " "), ")");
  if (option.place == Place::kFile) return "place=file";
  return option.place == Place::kFolder ? "place=folder" : "";
}

void AppendZshCase(const std::string& pattern, const OptionNode& option, std::string& out) {
  const std::string value = ZshValue(option);
  if (!value.empty()) StrAppend(&out, "    (", pattern, ") ", value, " ;;\n");
}

std::string ZshCommands(const CommandNode& root) {
  std::string out = "_tactctl_command() {\n  case $1 in\n";
  VisitCommands(root, [&](const std::string& path, const CommandNode& node) {
    const std::string options = &node == &root ? "" : ZshOptions(node.options);
    StrAppend(&out, "    ('", path, "')\n      verbs=(", ZshVerbs(node), ")\n      flags=(",
              options, ")\n      ;;\n");
  });
  return out + "  esac\n}\n";
}

std::string ZshValues(const CommandNode& root) {
  std::string out = "_tactctl_value() {\n  case \"$1 $2\" in\n";
  VisitCommands(root, [&](const std::string& path, const CommandNode& node) {
    if (&node == &root) return;
    for (const OptionNode& option : node.options) {
      for (const std::string& name : option.names) {
        AppendZshCase(StrCat("'", path, " ", name, "'"), option, out);
      }
    }
    if (node.arguments.empty()) return;
    AppendZshCase(StrCat("'", path, " '"), node.arguments.front(), out);
  });
  for (const OptionNode& option : root.options) {
    for (const std::string& name : option.names) {
      AppendZshCase(StrCat("*' ", name, "'"), option, out);
    }
  }
  return out + "  esac\n}\n";
}

}  // namespace

std::string ZshCompletion(const CommandNode& root) {
  return StrCat("#compdef tactctl\n# Written by: tactctl completion zsh\n",
                "typeset -ga _tactctl_valued _tactctl_everywhere\n", "_tactctl_valued=(",
                absl::StrJoin(NamesWithValue(root), " "), ")\n_tactctl_everywhere=(",
                ZshOptions(root.options), ")\n", ZshCommands(root), ZshValues(root), kZshWalk);
}

}  // namespace tact::ctl

#include "services/tactctl/completion_tree.h"

#include <CLI/CLI.hpp>
#include <set>

#include "absl/strings/str_split.h"
#include "common/base/strings.h"

namespace tact::ctl {
namespace {

// CLI11 does not tell what a check allows, but a value that it refuses is answered with the set:
// "x not in {a,b}" and "Check x value in {a->0,b->1} OR {0,1} FAILED".
std::vector<std::string> AllowedWords(const CLI::Validator& check) {
  const std::string refusal = check(std::string("\x01"));
  const size_t open = refusal.find('{'), close = refusal.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  std::vector<std::string> words;
  for (const std::string& one : std::vector<std::string>(
           absl::StrSplit(refusal.substr(open + 1, close - open - 1), ',', absl::SkipEmpty()))) {
    words.push_back(one.substr(0, one.find("->")));
  }
  return words;
}

std::vector<std::string> WordsOf(CLI::Option& option) {
  try {
    for (int i = 0;; ++i) {
      std::vector<std::string> words = AllowedWords(*option.get_validator(i));
      if (!words.empty()) return words;
    }
  } catch (const CLI::OptionNotFound&) {  // past the last check
    return {};
  }
}

Place PlaceOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (type.find("FILE") != std::string::npos) return Place::kFile;
  const bool folder =
      type.find("FOLDER") != std::string::npos || type.find("DIR") != std::string::npos;
  return folder ? Place::kFolder : Place::kNone;
}

OptionNode DescribeOption(CLI::Option& option) {
  OptionNode node;
  for (const std::string& name : option.get_lnames()) node.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) node.names.push_back("-" + name);
  node.description = option.get_description();
  node.takes_value = option.get_items_expected_max() > 0;
  node.words = WordsOf(option);
  node.place = PlaceOf(option);
  return node;
}

void AddOptions(CLI::App& app, CommandNode& node) {
  for (CLI::Option* option : app.get_options()) {
    const bool named = !option->get_lnames().empty() || !option->get_snames().empty();
    (named ? node.options : node.arguments).push_back(DescribeOption(*option));
  }
}

void CollectNames(const CommandNode& node, std::set<std::string>& names) {
  for (const OptionNode& option : node.options) {
    if (option.takes_value) names.insert(option.names.begin(), option.names.end());
  }
  for (const CommandNode& command : node.commands) CollectNames(command, names);
}

}  // namespace

CommandNode DescribeCommands(CLI::App& app) {
  CommandNode node{app.get_name(), app.get_description(), {}, {}, {}};
  AddOptions(app, node);
  for (CLI::App* child : app.get_subcommands([](CLI::App*) { return true; })) {
    if (child->get_name().empty()) {  // an option group
      AddOptions(*child, node);
    } else {
      node.commands.push_back(DescribeCommands(*child));
    }
  }
  return node;
}

std::vector<std::string> NamesWithValue(const CommandNode& root) {
  std::set<std::string> names;
  CollectNames(root, names);
  return {names.begin(), names.end()};
}

}  // namespace tact::ctl

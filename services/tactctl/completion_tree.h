// The commands of an application with their options, as data: what completion scripts are made of.
#ifndef TACT_SERVICES_TACTCTL_COMPLETION_TREE_H_
#define TACT_SERVICES_TACTCTL_COMPLETION_TREE_H_

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tact::ctl {

enum class Place { kNone, kFile, kFolder };  // what a value names on the disk

struct OptionNode {
  std::vector<std::string> names;  // "--output", "-o"; none for an argument without a name
  std::string description;         // one line
  bool takes_value = false;
  std::vector<std::string> words;  // all values that its check allows; empty: any
  Place place = Place::kNone;
};

struct CommandNode {
  std::string name;
  std::string description;
  std::vector<OptionNode> options;    // those of option groups too
  std::vector<OptionNode> arguments;  // without a name
  std::vector<CommandNode> commands;
};

// Words come from the checks of the options (CLI::IsMember, CLI::CheckedTransformer), places from
// their type names (FILE, FOLDER, DIR).
CommandNode DescribeCommands(CLI::App& app);

// Names of all options that take a value, in the whole tree, each once.
std::vector<std::string> NamesWithValue(const CommandNode& root);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_COMPLETION_TREE_H_

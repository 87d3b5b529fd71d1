// Completion scripts for the shells, made of a tree of commands. They offer commands, options with
// their descriptions (bash shows none), the words that an option's check allows, and files or
// folders where a path is expected; the root's options stand behind every command.
#ifndef TACT_SERVICES_TACTCTL_COMPLETION_SCRIPTS_H_
#define TACT_SERVICES_TACTCTL_COMPLETION_SCRIPTS_H_

#include <functional>
#include <string>
#include <string_view>

#include "services/tactctl/completion_tree.h"

namespace tact::ctl {

std::string BashCompletion(const CommandNode& root);
std::string ZshCompletion(const CommandNode& root);
std::string FishCompletion(const CommandNode& root);

// Calls `visit` with "tactctl", "tactctl train", ... and each command.
void VisitCommands(const CommandNode& root,
                   const std::function<void(const std::string&, const CommandNode&)>& visit);

// `text` on one line, in single quotes; `quote_escape` stands for each of its own.
std::string SingleQuoted(std::string_view text, std::string_view quote_escape = "'\\''");

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_COMPLETION_SCRIPTS_H_

#include "services/tactctl/completion_scripts.h"

#include "absl/strings/str_replace.h"
#include "common/base/strings.h"

namespace tact::ctl {

void VisitCommands(const CommandNode& root,
                   const std::function<void(const std::string&, const CommandNode&)>& visit) {
  const std::function<void(const std::string&, const CommandNode&)> walk =
      [&](const std::string& path, const CommandNode& node) {
        visit(path, node);
        for (const CommandNode& child : node.commands) walk(StrCat(path, " ", child.name), child);
      };
  walk(root.name, root);
}

std::string SingleQuoted(std::string_view text, std::string_view quote_escape) {
  return StrCat("'", absl::StrReplaceAll(ToAbsl(text), {{"'", ToAbsl(quote_escape)}, {"\n", " "}}),
                "'");
}

}  // namespace tact::ctl

#include "services/tactctl/path_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <string>

namespace tact::ctl {
namespace {

constexpr const char* kFileFlags[] = {"ca",         "cert",    "key",       "ca-file",
                                      "spec",       "dataset", "file",      "id-file",
                                      "shots-file", "report",  "validation"};
constexpr const char* kFolderFlags[] = {"cluster",      "data-dir",     "models",
                                        "policy-model", "reward-model", "bin-dir",
                                        "to",           "out",          "certs"};

template <typename Names>
bool IsOneOf(const CLI::Option& option, const Names& names) {
  const auto& own = option.get_lnames();
  return std::any_of(own.begin(), own.end(), [&](const std::string& name) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
  });
}

}  // namespace

void MarkPaths(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (IsOneOf(*option, kFileFlags)) option->type_name("FILE");
    if (IsOneOf(*option, kFolderFlags)) option->type_name("FOLDER");
  }
  for (CLI::App* child : app.get_subcommands([](CLI::App*) { return true; })) MarkPaths(*child);
}

}  // namespace tact::ctl

// Every command explains itself: examples that parse, options with descriptions.
#include <gmock/gmock.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/tactctl/completion_scripts.h"
#include "services/tactctl/testing/commands_fixture.h"

namespace tact::ctl {
namespace {

// The command lines of a footer, "\" at a line's end joins it with the next.
std::vector<std::string> ExamplesOf(const CLI::App& app) {
  const std::string text = absl::StrReplaceAll(app.get_footer(), {{"\\\n", " "}});
  std::vector<std::string> out;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    if (absl::StartsWith(line, "  tactctl ")) out.push_back(line.substr(2));
  }
  return out;
}

// Words as a shell sees them, to the first of < > | &.
std::vector<std::string> ShellWords(const std::string& line) {
  std::vector<std::string> words;
  bool quoted = false, open = false;
  for (const char c : line) {
    if (!quoted && std::string("<>|&").find(c) != std::string::npos) break;
    if (c == '"') {
      quoted = !quoted;
      continue;
    }
    if (c == ' ' && !quoted) {
      open = false;
      continue;
    }
    if (!open) words.emplace_back();
    open = true;
    words.back() += c;
  }
  return words;
}

class HelpTest : public ::testing::Test {
 protected:
  std::istringstream in_;
  std::ostringstream out_, err_;
  Terminal terminal_{in_, out_, err_};
  Context context_{terminal_};
  std::shared_ptr<CLI::App> app_ = MakeApp(context_);
};

using Visit = std::function<void(const std::string&, const CLI::App&)>;

void WalkApps(const std::string& path, const CLI::App& app, const Visit& visit) {
  visit(path, app);
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!child->get_name().empty()) WalkApps(path + " " + child->get_name(), *child, visit);
  }
}

TEST_F(HelpTest, EveryCommandHasADescriptionAndAnExampleOfItself) {
  WalkApps("tactctl", *app_, [](const std::string& path, const CLI::App& app) {
    EXPECT_GT(app.get_description().size(), 5u) << path;
    bool own = false;
    for (const std::string& example : ExamplesOf(app)) own |= absl::StartsWith(example, path);
    EXPECT_TRUE(own) << path << " has no example; its footer: " << app.get_footer();
  });
}

TEST_F(HelpTest, EveryOptionIsDescribedInWords) {
  VisitCommands(DescribeCommands(*app_), [](const std::string& path, const CommandNode& node) {
    std::vector<OptionNode> all = node.options;
    all.insert(all.end(), node.arguments.begin(), node.arguments.end());
    for (const OptionNode& option : all) {
      const std::string words = option.description.substr(0, option.description.find('['));
      EXPECT_GT(words.size(), 5u) << path << " " << (option.names.empty() ? "" : option.names[0]);
    }
  });
}

TEST_F(HelpTest, ExamplesParse) {
  const tact::testing::TempFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  std::ofstream("job.json") << "{}";
  int parsed = 0;
  WalkApps("tactctl", *app_, [&](const std::string& path, const CLI::App& app) {
    for (const std::string& example : ExamplesOf(app)) {
      std::vector<std::string> words = ShellWords(example);
      std::reverse(words.begin(), words.end());
      words.pop_back();  // the program
      Context context(terminal_);
      try {
        MakeApp(context)->parse(words);
        ++parsed;
      } catch (const CLI::ParseError& error) {
        ADD_FAILURE() << path << ": " << example << ": " << error.what();
      }
    }
  });
  std::filesystem::current_path(before);
  EXPECT_GT(parsed, 30);
}

TEST_F(HelpTest, AFlagOfOneCommandTakesNoValueInAnother) {
  const CommandNode root = DescribeCommands(*app_);
  const std::vector<std::string> valued = NamesWithValue(root);
  VisitCommands(root, [&](const std::string& path, const CommandNode& node) {
    for (const OptionNode& option : node.options) {
      if (option.takes_value) continue;
      for (const std::string& name : option.names) {
        EXPECT_FALSE(std::binary_search(valued.begin(), valued.end(), name))
            << path << " " << name << ": completion would skip the word behind it";
      }
    }
  });
}

}  // namespace
}  // namespace tact::ctl

// Runs tactctl in this process against services with known answers.
#ifndef TACT_SERVICES_TACTCTL_TESTING_COMMANDS_FIXTURE_H_
#define TACT_SERVICES_TACTCTL_TESTING_COMMANDS_FIXTURE_H_

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "services/tactctl/app.h"
#include "services/tactctl/testing/fake_services.h"
#include "services/tactctl/testing/subprocess.h"

namespace tact::ctl {

class CommandsTest : public ::testing::Test {
 protected:
  tact::testing::Finished Run(std::vector<std::string> arguments, const std::string& input = "") {
    for (const char* flag : {"--policy", "--reward", "--trainer", "--evaluation"}) {
      arguments.insert(arguments.begin(), {flag, cluster_.address});
    }
    return RunBare(arguments, input);
  }

  tact::testing::Finished RunBare(const std::vector<std::string>& arguments,
                                  const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out, err;
    Terminal terminal{in, out, err};
    const int code = RunTactctl(arguments, terminal);
    return {code, out.str(), err.str()};
  }

  std::string File(const std::string& name, const std::string& text) {
    const auto path = folder_.path() / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  tact::testing::FakeCluster cluster_;
  tact::testing::TempFolder folder_;
};

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_TESTING_COMMANDS_FIXTURE_H_

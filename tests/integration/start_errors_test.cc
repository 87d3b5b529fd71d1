// A cluster that cannot start says which file, folder or port is at fault.
#include <gmock/gmock.h>

#include <fstream>

#include "services/tactctl/cluster_file.h"
#include "tests/integration/cluster.h"

namespace tact::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class StartErrorsTest : public ::testing::Test {
 protected:
  // A copy of a model of the repository, to be damaged.
  fs::path Copy(const std::string& model) {
    const fs::path copy = folder_.path() / model;
    fs::copy(SourceDir() / "models" / model, copy, fs::copy_options::recursive);
    return copy;
  }

  Finished Up(const std::string& flag, const fs::path& model) {
    return RunProgram({Binary("tactctl"), "up", "--ports", "0", "--models",
                       (SourceDir() / "models").string(), "--data-dir",
                       (folder_.path() / "data").string(), flag, model.string()});
  }

  void Expect(const Finished& run, const std::vector<std::string>& message) {
    EXPECT_EQ(run.code, 9) << run.err;
    for (const std::string& part : message) EXPECT_THAT(run.err, HasSubstr(part));
  }

  TempFolder folder_;
};

TEST_F(StartErrorsTest, AMissingModelFolderIsNamed) {
  Expect(Up("--policy-model", "/nowhere/policy"), {"tact-policy", "/nowhere/policy"});
  Expect(Up("--reward-model", "/nowhere/reward"), {"tact-reward", "/nowhere/reward"});
}

TEST_F(StartErrorsTest, ACutWeightFileIsNamed) {
  for (const std::string model : {"policy", "reward"}) {
    const fs::path copy = Copy(model);
    fs::resize_file(copy / "model.safetensors", 1000);
    Expect(Up("--" + model + "-model", copy), {"tact-" + model, "model.safetensors"});
  }
}

TEST_F(StartErrorsTest, ABrokenConfigIsNamed) {
  for (const std::string model : {"policy", "reward"}) {
    const fs::path copy = Copy(model);
    std::ofstream(copy / "config.json") << "{\"model_type\": ";
    Expect(Up("--" + model + "-model", copy), {"tact-" + model, "config.json"});
  }
}

TEST_F(StartErrorsTest, AMissingTokenizerIsNamed) {
  const fs::path copy = Copy("policy");
  fs::remove(copy / "spiece.model");
  Expect(Up("--policy-model", copy), {"tact-policy", "spiece.model"});
}

TEST_F(StartErrorsTest, APortInUseIsNamed) {
  const TestCluster running;
  ASSERT_TRUE(running.Started()) << running.Logs();
  const std::string address = running.AddressOf("policy");
  const std::string port = address.substr(address.rfind(':') + 1);
  const Finished run = RunProgram({Binary("tactctl"), "up", "--ports", port, "--models",
                                   (SourceDir() / "models").string(), "--data-dir",
                                   (folder_.path() / "data").string()});
  Expect(run, {"--ports", "port " + port + " of tact-policy is in use"});
  EXPECT_EQ(running.Tactctl({"generate", "#Person1#: Hi Ann."}).code, 0);
}

}  // namespace
}  // namespace tact::testing

// The main job over the four real services with a tiny budget: fine-tune, PPO, evaluate, compare.
#include <gmock/gmock.h>

#include <cmath>
#include <sstream>

#include "tests/integration/cluster.h"

namespace tact::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int kExamples = 12;
constexpr int kPpoSteps = 3;

class MainJobTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(cluster_.Started()) << cluster_.Logs(); }

  // Trains to the end and returns the events as JSON, one a line.
  std::vector<nlohmann::json> Train(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "train");
    arguments.insert(arguments.end(), {"-o", "jsonl"});
    const Finished run = cluster_.Tactctl(arguments);
    EXPECT_EQ(run.code, 0) << run.err << cluster_.Logs();
    std::vector<nlohmann::json> events;
    std::istringstream lines(run.out);
    for (std::string line; std::getline(lines, line);) {
      events.push_back(nlohmann::json::parse(line, nullptr, false));
      EXPECT_TRUE(events.back().is_object()) << line;
    }
    EXPECT_FALSE(events.empty());
    return events;
  }

  static nlohmann::json JobOf(const std::vector<nlohmann::json>& events) {
    return events.empty() ? nlohmann::json() : events.back()["job"];
  }

  std::string FineTune(const std::string& kind, const std::string& name) {
    const auto events =
        Train({kind, "--base-model", "policy", "--dataset", cluster_.Head("sft_train.jsonl", 40),
               "--name", name, "--max-steps", "4", "--batch-size", "4"});
    const nlohmann::json job = JobOf(events);
    EXPECT_EQ(StateOf(job), "JOB_STATE_SUCCEEDED");
    if (!job.is_object()) return "";
    EXPECT_EQ(job["step"], 4);
    EXPECT_GT(Number64(job["weight_version"]), 0u);
    EXPECT_TRUE(fs::exists(cluster_.data_dir() / "trainer" / job.value("result_path", "-")));
    return job.value("id", "");
  }

  std::string Evaluate(const std::string& model) {
    const std::string ids = (cluster_.folder() / "ids").string();
    const Finished run = cluster_.Tactctl(
        {"eval", "--dataset", cluster_.Head("test.jsonl", kExamples), "--reference-field",
         "neutral_summary", "--model", model, "--id-file", ids, "--max-new-tokens", "24"});
    EXPECT_EQ(run.code, 0) << run.err << cluster_.Logs();
    const std::string id = ReadAll(ids);
    return id.substr(0, id.find('\n'));
  }

  TestCluster cluster_;
};

void CheckPpoSteps(const std::vector<nlohmann::json>& events) {
  uint64_t version = 0, sequence = 0;
  int steps = 0;
  for (const nlohmann::json& event : events) {
    EXPECT_EQ(Number64(event["sequence"]), ++sequence);
    if (!event.value("is_step", false)) continue;
    ++steps;
    const nlohmann::json& metrics = event["job"]["last_metrics"];
    EXPECT_EQ(metrics["step"], steps);
    EXPECT_GT(Number64(metrics["weight_version"]), version);
    version = Number64(metrics["weight_version"]);
    for (const char* name : {"reward_mean", "kl", "policy_loss", "value_loss", "entropy"}) {
      ASSERT_TRUE(metrics[name].is_number()) << name;
      EXPECT_TRUE(std::isfinite(metrics[name].get<double>())) << name;
    }
    EXPECT_GT(metrics["response_tokens"].get<double>(), 0);
    EXPECT_LT(metrics["replay_difference"].get<double>(), 1e-2);
  }
  EXPECT_EQ(steps, kPpoSteps);
}

void CheckComparison(const nlohmann::json& comparison) {
  ASSERT_TRUE(comparison.is_object());
  const nlohmann::json& rows = comparison["rows"];
  ASSERT_EQ(rows.size(), static_cast<size_t>(kExamples));
  for (size_t i = 0; i < rows.size(); ++i) {
    const double difference = rows[i]["reward_difference"];
    EXPECT_NEAR(difference,
                rows[i]["reward_after"].get<double>() - rows[i]["reward_before"].get<double>(),
                1e-6);
    if (i > 0) {
      EXPECT_LE(difference, rows[i - 1]["reward_difference"].get<double>());
    }
    EXPECT_FALSE(rows[i]["response_before"].get<std::string>().empty());
  }
  EXPECT_NEAR(comparison["toxicity_change"].get<double>(),
              comparison["after"]["toxicity"]["mean"].get<double>() -
                  comparison["before"]["toxicity"]["mean"].get<double>(),
              1e-9);
}

TEST_F(MainJobTest, FineTunesDetoxifiesEvaluatesAndCompares) {
  FineTune("lora", "sft-lora");
  const std::string sft = FineTune("full", "sft");

  const auto ppo = Train({"ppo", "--base-job", sft, "--dataset",
                          cluster_.Head("sft_train.jsonl", 40), "--name", "detox", "--steps",
                          std::to_string(kPpoSteps), "--batch-size", "8", "--mini-batch-size", "4",
                          "--no-lora", "--learning-rate", "3e-5", "--max-new-tokens", "24"});
  ASSERT_TRUE(JobOf(ppo).is_object());
  CheckPpoSteps(ppo);
  EXPECT_EQ(StateOf(JobOf(ppo)), "JOB_STATE_SUCCEEDED");

  // The policy serves what the trainer says that it has pushed.
  const Finished models = cluster_.Tactctl({"models", "list", "-o", "json"});
  const auto served = nlohmann::json::parse(models.out, nullptr, false);
  ASSERT_TRUE(served.is_object()) << models.out;
  bool found = false;
  for (const nlohmann::json& model : served["policy"]["models"]) {
    if (model["name"] != "detox") continue;
    found = true;
    EXPECT_EQ(Number64(model["weight_version"]), Number64(JobOf(ppo)["weight_version"]));
    EXPECT_EQ(model["sha256"].get<std::string>().size(), 64u);
  }
  EXPECT_TRUE(found) << models.out;

  const std::string before = Evaluate("sft"), after = Evaluate("detox");
  CheckComparison(cluster_.Json({"compare", before, after}));
  for (const char* name : {"report.html", "report.csv", "report.json"}) {
    const std::string file = (cluster_.folder() / name).string();
    const Finished run = cluster_.Tactctl(
        {"compare", before, after, "--report", file, "--job", JobOf(ppo).value("id", "")});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_GT(ReadAll(file).size(), 500u) << name;
  }
  const nlohmann::json jobs = cluster_.Json({"jobs", "list"});
  ASSERT_TRUE(jobs.is_object());
  EXPECT_EQ(jobs["jobs"].size(), 3u);
  EXPECT_EQ(jobs["jobs"][0]["id"], JobOf(ppo)["id"]);  // newest first
  EXPECT_TRUE(cluster_.Stop()) << cluster_.Logs();
}

TEST_F(MainJobTest, TheSameRequestIdMakesOneJob) {
  const std::string data = cluster_.Head("sft_train.jsonl", 20);
  const std::vector<std::string> arguments = {"train",        "lora",   "--base-model", "policy",
                                              "--dataset",    data,     "--name",       "once",
                                              "--max-steps",  "2",      "--batch-size", "2",
                                              "--request-id", "demo-1", "--no-follow"};
  const auto first = cluster_.Json(arguments), second = cluster_.Json(arguments);
  ASSERT_TRUE(first.is_object());
  ASSERT_TRUE(second.is_object());
  EXPECT_EQ(first["job"]["id"], second["job"]["id"]);
  std::vector<std::string> other = arguments;
  other[7] = "another";
  EXPECT_EQ(cluster_.Tactctl(other).code, 6);  // ALREADY_EXISTS
  EXPECT_EQ(cluster_.Tactctl({"jobs", "watch", first["job"].value("id", "")}).code, 0);
}

}  // namespace
}  // namespace tact::testing

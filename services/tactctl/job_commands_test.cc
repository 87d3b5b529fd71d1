// Commands about jobs and data sets against a trainer with known answers.
#include <gmock/gmock.h>

#include <filesystem>

#include "services/tactctl/testing/commands_fixture.h"

namespace tact::ctl {
namespace {

namespace fs = std::filesystem;
using tact::testing::Finished;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class JobCommandsTest : public CommandsTest {
 protected:
  std::string Out() const { return (folder_.path() / "out").string(); }
  size_t Entries() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }
};

TEST_F(JobCommandsTest, ListsWithFiltersAndPages) {
  const Finished run = Run({"jobs", "list", "--state", "paused,failed", "--kind", "ppo", "--name",
                            "detox", "--limit", "1"});
  EXPECT_EQ(run.code, 0) << run.err;
  const v1::ListJobsRequest& asked = cluster_.trainer.last_list;
  EXPECT_THAT(asked.states(), ElementsAre(v1::JOB_STATE_PAUSED, v1::JOB_STATE_FAILED));
  EXPECT_THAT(asked.kinds(), ElementsAre(v1::JOB_KIND_PPO));
  EXPECT_EQ(asked.name_contains(), "detox");
  EXPECT_THAT(run.err, HasSubstr("there are more: --page-token 7"));
  Run({"jobs", "list", "--page-token", "7"});
  EXPECT_EQ(cluster_.trainer.last_list.page_token(), "7");
  EXPECT_THAT(Run({"jobs", "list", "--state", "asleep"}).err, HasSubstr("queued, running"));
}

TEST_F(JobCommandsTest, PausesResumesAndListsCheckpoints) {
  EXPECT_THAT(Run({"jobs", "pause", "job-1"}).out,
              AllOf(HasSubstr("state           paused"), HasSubstr("requested")));
  EXPECT_THAT(Run({"jobs", "resume", "job-1"}).out, HasSubstr("queued"));
  EXPECT_THAT(
      Run({"jobs", "checkpoints", "job-1"}).out,
      AllOf(HasSubstr("10    0               0.2500  best"), HasSubstr("tensors: wrong SHA-256")));
}

TEST_F(JobCommandsTest, AJobThatPausesEndsTheWatchWithReasonAndCure) {
  const Finished run =
      Run({"train", "full", "--base-model", "m", "--dataset-id", "d", "--name", "pausing"});
  EXPECT_EQ(run.code, 75);
  EXPECT_THAT(run.err, AllOf(HasSubstr("is paused (disk full): no space for a checkpoint"),
                             HasSubstr("go on with: tactctl jobs resume job-1")));
}

TEST_F(JobCommandsTest, APauseOfThePastIsPassedOver) {
  Run({"train", "full", "--base-model", "m", "--dataset-id", "d", "--name", "pausing"});
  Run({"jobs", "resume", "job-1"});
  const Finished run = Run({"jobs", "watch", "job-1"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("succeeded"));
}

TEST_F(JobCommandsTest, ExportWritesAWholeFolderOrNothing) {
  const Finished run = Run({"jobs", "export", "job-1", "--out", Out(), "--merge"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_TRUE(cluster_.trainer.last_export.merge_adapter());
  EXPECT_EQ(tact::testing::ReadAll(Out() + "/model.safetensors"), "12345678");
  EXPECT_EQ(Entries(), 1u);
  const Finished again = Run({"jobs", "export", "job-1", "--out", Out()});
  EXPECT_EQ(again.code, 6);
  EXPECT_THAT(again.err, HasSubstr("there is something already"));
  for (const char* bad : {"damaged", "escaping"}) {
    const Finished broken = Run({"jobs", "export", bad, "--out", Out() + bad});
    EXPECT_EQ(broken.code, 15) << bad;
    EXPECT_EQ(Entries(), 1u) << bad;
  }
}

TEST_F(JobCommandsTest, DataSetsAreListed) {
  EXPECT_THAT(Run({"datasets"}).out, HasSubstr("pairs-1  pairs  12        0      train.jsonl"));
}

TEST_F(JobCommandsTest, ADryRunPrintsThePlanAndMakesNoJob) {
  const Finished run = Run({"train", "lora", "--base-model", "policy", "--dataset-id", "d",
                            "--learning-rate", "0.003", "--dry-run"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_TRUE(cluster_.trainer.specs.empty());
  EXPECT_THAT(run.out, AllOf(HasSubstr("optimizer.learning_rate  0.003"),
                             HasSubstr("percentage of trainable model parameters: 1.41%"),
                             HasSubstr("3.00 GiB"), HasSubstr("2.5 s a step, 25 s in all")));
  EXPECT_THAT(Run({"train", "lora", "--base-model", "policy", "--dataset-id", "d", "--dry-run",
                   "--seed", "1"})
                  .out,
              HasSubstr("not measured"));
  EXPECT_THAT(
      Run({"train", "lora", "--base-model", "m", "--dataset-id", "d", "--dry-run", "-o", "json"})
          .out,
      HasSubstr("\"total_parameters\": \"251116800\""));
}

TEST_F(JobCommandsTest, AFileOfSettingsMakesAJobAndSetChangesIt) {
  const std::string file = File("job.json",
                                R"({"kind": "JOB_KIND_FULL", "base_model": "m", "seed": 4,
                                    "dataset_id": "d", "optimizer": {"beta1": 0.8}})");
  const Finished run = Run({"train", "--spec", file, "--set", "seed=5", "--set",
                            "optimizer.learning_rate=1e-4", "--no-follow"});
  EXPECT_EQ(run.code, 0) << run.err;
  const v1::JobSpec& spec = cluster_.trainer.last_spec;
  EXPECT_EQ(spec.seed(), 5u);
  EXPECT_EQ(spec.dataset_id(), "d");
  EXPECT_DOUBLE_EQ(spec.optimizer().beta1(), 0.8);
  EXPECT_DOUBLE_EQ(spec.optimizer().learning_rate(), 1e-4);
  EXPECT_THAT(Run({"train", "--spec", file, "--set", "sed=5"}).err, HasSubstr("no such field"));
  EXPECT_EQ(Run({"train", "--set", "seed=5"}).code, 64);
  EXPECT_EQ(Run({"train", "lora", "--base-model", "m", "--dataset-id", "d", "--spec", file}).code,
            64);
}

TEST_F(JobCommandsTest, ASweepMakesAJobForEachCombination) {
  const std::string ids = (folder_.path() / "ids").string();
  const Finished run =
      Run({"train", "lora", "--base-model", "m", "--dataset-id", "d", "--name", "sft", "--sweep",
           "optimizer.learning_rate=1e-4,1e-3", "--sweep", "lora.rank=8,16", "--id-file", ids});
  EXPECT_EQ(run.code, 0) << run.err;
  ASSERT_EQ(cluster_.trainer.specs.size(), 4u);
  EXPECT_EQ(cluster_.trainer.specs[3].lora().rank(), 16u);
  EXPECT_THAT(run.out, HasSubstr("job-2"));
  EXPECT_THAT(run.out, HasSubstr("sft-learning_rate-1e-4-rank-16"));
  EXPECT_EQ(tact::testing::ReadAll(ids), "job-1\njob-2\njob-3\njob-4\n");
}

TEST_F(JobCommandsTest, FlagsOfAJobsLifeReachTheSpec) {
  Run({"train",
       "ppo",
       "--base-model",
       "m",
       "--dataset-id",
       "d",
       "--metric",
       "reward",
       "--patience",
       "3",
       "--min-delta",
       "0.1",
       "--restore-best",
       "--keep-checkpoints",
       "4",
       "--publish-mode",
       "quorum",
       "--min-replicas",
       "2",
       "--max-staleness",
       "1",
       "--validation-steps",
       "5",
       "--max-kl",
       "9",
       "--guard-patience",
       "2",
       "--no-deterministic",
       "--no-follow"});
  const v1::JobSpec& spec = cluster_.trainer.last_spec;
  EXPECT_EQ(spec.selection().metric(), v1::SELECTION_METRIC_VALIDATION_REWARD);
  EXPECT_EQ(spec.selection().patience(), 3u);
  EXPECT_DOUBLE_EQ(spec.selection().min_delta(), 0.1);
  EXPECT_TRUE(spec.selection().restore_best());
  EXPECT_EQ(spec.retention().keep_last(), 4u);
  EXPECT_EQ(spec.publish().mode(), v1::PUBLISH_MODE_QUORUM);
  EXPECT_EQ(spec.publish().min_replicas(), 2u);
  EXPECT_EQ(spec.ppo().max_staleness(), 1u);
  EXPECT_EQ(spec.ppo().validation_steps(), 5u);
  EXPECT_DOUBLE_EQ(spec.ppo().guards().max_kl(), 9);
  EXPECT_EQ(spec.ppo().guards().patience(), 2u);
  EXPECT_TRUE(spec.has_deterministic() && !spec.deterministic());
}

}  // namespace
}  // namespace tact::ctl

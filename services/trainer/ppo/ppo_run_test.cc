#include "services/trainer/ppo/ppo_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/file.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/model/torch_io.h"
#include "services/trainer/jobs/job_store.h"
#include "services/trainer/jobs/spec_defaults.h"
#include "services/trainer/testing/fake_context.h"
#include "services/trainer/testing/fake_services.h"
#include "services/trainer/testing/temp_folder.h"
#include "services/trainer/testing/tiny_models.h"
#include "services/trainer/weights/publish_result.h"
#include "services/trainer/weights/results.h"

namespace tact {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr uint64_t kModelSeed = 3;

v1::JobSpec Spec(bool lora, uint32_t steps) {
  v1::JobSpec spec;
  spec.set_kind(v1::JOB_KIND_PPO);
  spec.set_publish_as("tuned");
  spec.set_checkpoint_steps(2);
  spec.mutable_optimizer()->set_learning_rate(1e-3);
  v1::PpoSettings& ppo = *spec.mutable_ppo();
  ppo.set_steps(steps);
  ppo.set_batch_size(8);
  ppo.set_mini_batch_size(4);
  ppo.set_ppo_epochs(2);
  ppo.set_use_lora(lora);
  ppo.mutable_guards()->set_min_length_ratio(0);
  FillDefaults(spec);
  return spec;
}

// One trainer with its data folder, in front of the fake services of the fixture.
class PpoRunTest : public ::testing::Test {
 protected:
  struct Trainer {
    Trainer(const v1::JobSpec& spec, const std::vector<std::string>& policies, FakeReward& scorer)
        : context(spec, folder.path()),
          store(JobStore::Open(folder.path() / "jobs.db").value()),
          publisher(*store, folder.path(), policies),
          reward({scorer.address()}) {}

    // As after a start of the process: weights from the checkpoint, if there is one.
    absl::Status Run() {
      const v1::JobSpec& spec = context.spec();
      auto model = T5Model::Create(TinyT5Config(), kModelSeed).value();
      std::unique_ptr<T5Model> reference;
      if (!TrainsAdapter(spec)) reference = T5Model::Create(TinyT5Config(), kModelSeed).value();
      learner = PpoLearner::Create(std::move(model), std::move(reference), spec).value();
      std::vector<PpoPrompt> prompts;
      for (const SftExample& example : CopyExamples(20, 1)) prompts.push_back({example.prompt, ""});
      PpoRun run(context, publisher, reward, *learner, {prompts, Head(prompts, validation)});
      return run.Run();
    }

    std::string Bytes() {
      const auto path = folder.path() / "bytes";
      EXPECT_TRUE(WriteTensors(path, learner->optimizer().parameters()).ok());
      return ReadFile(path).value();
    }

    TempFolder folder;
    FakeContext context;
    std::unique_ptr<JobStore> store;
    Publisher publisher;
    RewardClients reward;
    std::unique_ptr<PpoLearner> learner;
    size_t validation = 0;  // prompts
  };

  static std::vector<PpoPrompt> Head(const std::vector<PpoPrompt>& prompts, size_t count) {
    return {prompts.begin(), prompts.begin() + static_cast<std::ptrdiff_t>(count)};
  }

  FakePolicy policy_{TinyT5Config(), kModelSeed};
  FakeReward reward_;
};

TEST_F(PpoRunTest, LearnsPushesAndReplays) {
  for (bool lora : {true, false}) {
    policy_.Forget();
    Trainer trainer(Spec(lora, 4), {policy_.address()}, reward_);
    ASSERT_TRUE(trainer.Run().ok());
    const auto& steps = trainer.context.steps;
    ASSERT_EQ(steps.size(), 4u);
    for (size_t i = 0; i < steps.size(); ++i) {
      EXPECT_EQ(steps[i].step(), i + 1);
      EXPECT_LT(steps[i].replay_difference(), 1e-4);
      EXPECT_GT(steps[i].reward_mean(), 0);
      if (i == 0) continue;
      EXPECT_GT(steps[i].weight_version(), steps[i - 1].weight_version());
    }
    EXPECT_NEAR(steps[0].kl(), 0, 1e-5);  // the policy is still the reference
    EXPECT_GT(std::abs(steps[3].kl()), 1e-6);
    EXPECT_EQ(policy_.version("tuned"), steps[3].weight_version());
  }
}

TEST_F(PpoRunTest, AnAdapterStandsOnBaseWhereTheReplicasBaseIsTheSame) {
  Trainer trainer(Spec(true, 1), {policy_.address()}, reward_);
  ASSERT_TRUE(trainer.Run().ok());
  EXPECT_THAT(policy_.pushed(), ElementsAre("tuned"));
}

TEST_F(PpoRunTest, AnotherBaseIsPushedAsParentFirst) {
  FakePolicy other(TinyT5Config(), kModelSeed + 1);
  Trainer trainer(Spec(true, 2), {other.address()}, reward_);
  ASSERT_TRUE(trainer.Run().ok());
  EXPECT_THAT(other.pushed(), ElementsAre(StartsWith("parent-"), "tuned"));
  EXPECT_LT(trainer.context.steps.back().replay_difference(), 1e-4);
}

TEST_F(PpoRunTest, ResumedRunEndsWithTheSameBytes) {
  for (bool lora : {true, false}) {
    policy_.Forget();
    Trainer straight(Spec(lora, 5), {policy_.address()}, reward_);
    ASSERT_TRUE(straight.Run().ok());
    for (uint32_t stop : {1u, 2u, 3u}) {
      Trainer trainer(Spec(lora, 5), {policy_.address()}, reward_);
      trainer.context.StopAfter(stop);
      ASSERT_TRUE(IsTrainerStop(trainer.Run()));
      trainer.context.StopAfter(0);
      ASSERT_TRUE(trainer.Run().ok());
      EXPECT_EQ(trainer.Bytes(), straight.Bytes()) << "stopped after " << stop;
      EXPECT_EQ(trainer.context.steps.back().kl_coef(), straight.context.steps.back().kl_coef());
    }
  }
}

TEST_F(PpoRunTest, AStepThatWasSavedAndNotReportedIsReportedByTheNextRun) {
  Trainer trainer(Spec(true, 3), {policy_.address()}, reward_);
  trainer.context.FailReportOf(2);  // it has been saved before
  ASSERT_FALSE(trainer.Run().ok());
  ASSERT_EQ(trainer.context.steps.size(), 1u);
  ASSERT_TRUE(trainer.Run().ok());
  ASSERT_EQ(trainer.context.steps.size(), 3u);
  EXPECT_EQ(trainer.context.steps[1].step(), 2u);
  EXPECT_GT(trainer.context.steps[1].reward_mean(), 0);
}

TEST_F(PpoRunTest, SeveralReplicasGiveTheSameResultAsOne) {
  Trainer one(Spec(true, 3), {policy_.address()}, reward_);
  ASSERT_TRUE(one.Run().ok());
  FakePolicy second(TinyT5Config(), kModelSeed);
  policy_.Forget();
  Trainer two(Spec(true, 3), {policy_.address(), second.address()}, reward_);
  ASSERT_TRUE(two.Run().ok());
  EXPECT_EQ(one.Bytes(), two.Bytes());
  EXPECT_EQ(policy_.version("tuned"), second.version("tuned"));
}

TEST_F(PpoRunTest, ARolloutWithoutAScoreIsDroppedAndCounted) {
  reward_.FailItem("1");  // of every token list that begins with a 1
  Trainer trainer(Spec(true, 4), {policy_.address()}, reward_);
  ASSERT_TRUE(trainer.Run().ok());
  uint32_t dropped = 0;
  for (const auto& step : trainer.context.steps) {
    dropped += step.dropped_rollouts();
    EXPECT_EQ(step.retried_scores(), 3 * step.dropped_rollouts());
    EXPECT_GT(step.reward_mean(), 0.15);  // a 0 for a missing score would pull it down
  }
  EXPECT_GT(dropped, 0u);
}

TEST_F(PpoRunTest, WaitsForTheRewardServiceAndGoesOn) {
  reward_.FailCalls(2);
  Trainer trainer(Spec(true, 2), {policy_.address()}, reward_);
  ASSERT_TRUE(trainer.Run().ok());
  ASSERT_THAT(trainer.context.waits, Not(IsEmpty()));
  EXPECT_THAT(trainer.context.waits, Each(HasSubstr("tact-reward at " + reward_.address())));
}

TEST_F(PpoRunTest, AReplicaThatDiesHalfWayIsAskedForTheRestOnly) {
  Trainer straight(Spec(true, 2), {policy_.address()}, reward_);
  ASSERT_TRUE(straight.Run().ok());
  policy_.Forget();
  policy_.FailRollouts(1);
  Trainer trainer(Spec(true, 2), {policy_.address()}, reward_);
  ASSERT_TRUE(trainer.Run().ok());
  EXPECT_THAT(trainer.context.waits, Each(HasSubstr("tact-policy at " + policy_.address())));
  EXPECT_EQ(trainer.Bytes(), straight.Bytes());
}

TEST_F(PpoRunTest, AReplicaThatCameBackGetsItsWeightsAgain) {
  Trainer trainer(Spec(true, 6), {policy_.address()}, reward_);
  ASSERT_TRUE(trainer.publisher.Start().ok());
  trainer.context.StopAfter(2);
  ASSERT_TRUE(IsTrainerStop(trainer.Run()));
  const uint64_t before = policy_.version("tuned");
  policy_.Forget();
  EXPECT_EQ(policy_.version("tuned"), 0u);
  ASSERT_TRUE(trainer.publisher.Reconcile().ok());
  EXPECT_EQ(policy_.version("tuned"), before);
}

TEST_F(PpoRunTest, AWrongEchoFailsTheJob) {
  policy_.EchoWrongly();
  Trainer trainer(Spec(true, 2), {policy_.address()}, reward_);
  const absl::Status status = trainer.Run();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("echoes"));
}

TEST_F(PpoRunTest, AReplicaThatComputesOtherLogprobsRaisesAnAlarm) {
  v1::JobSpec spec = Spec(true, 2);
  spec.mutable_optimizer()->set_learning_rate(0.1);
  policy_.ReplayWithBase();
  Trainer trainer(spec, {policy_.address()}, reward_);
  ASSERT_TRUE(trainer.Run().ok());
  EXPECT_GT(trainer.context.steps.back().replay_difference(), 1e-2);
  EXPECT_THAT(trainer.context.notes, Contains(HasSubstr("differ from the learner's by")));
  EXPECT_THAT(MetricsText(), HasSubstr("tact_trainer_replay_alarms_total"));
}

TEST_F(PpoRunTest, AQuorumGoesOnWithoutAReplicaThatIsDown) {
  v1::JobSpec spec = Spec(true, 3);
  spec.mutable_publish()->set_mode(v1::PUBLISH_MODE_QUORUM);
  spec.mutable_publish()->set_min_replicas(1);
  FakePolicy second(TinyT5Config(), kModelSeed);
  second.SetDown(true);
  Trainer trainer(spec, {policy_.address(), second.address()}, reward_);
  ASSERT_TRUE(trainer.Run().ok());
  EXPECT_THAT(trainer.context.waits, IsEmpty());
  EXPECT_EQ(second.version("tuned"), 0u);
}

TEST_F(PpoRunTest, AResultThatHadToWaitIsPublishedUnderItsOwnName) {
  Trainer trainer(Spec(true, 1), {policy_.address()}, reward_);
  ASSERT_TRUE(trainer.Run().ok());
  const LoraAdapter* adapter = trainer.learner->adapter();
  ASSERT_TRUE(
      SaveAdapterResult(trainer.context.result_folder(), *adapter, trainer.context.spec()).ok());
  const uint64_t before = policy_.version("tuned");
  policy_.SetDown(true);
  std::thread repair([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    policy_.SetDown(false);
  });
  JobEnvironment environment;
  environment.publisher = &trainer.publisher;
  EXPECT_TRUE(PublishResult(trainer.context, environment, trainer.learner->model(),
                            trainer.learner->adapter())
                  .ok());
  repair.join();
  EXPECT_THAT(trainer.context.waits, Not(IsEmpty()));
  EXPECT_GT(policy_.version("tuned"), before);
  EXPECT_EQ(trainer.context.job().weight_version(), policy_.version("tuned"));
}

TEST_F(PpoRunTest, CancelIsSeenWhileWaiting) {
  Trainer trainer(Spec(true, 2), {"127.0.0.1:1"}, reward_);  // nobody listens there
  trainer.context.Cancel();
  EXPECT_TRUE(absl::IsCancelled(trainer.Run()));
}

TEST_F(PpoRunTest, AnUnknownLabelNamesThoseThereAre) {
  v1::JobSpec spec = Spec(true, 2);
  spec.mutable_ppo()->set_reward_label("kind");
  Trainer trainer(spec, {policy_.address()}, reward_);
  const absl::Status status = trainer.Run();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("neutral, toxic"));
}

TEST_F(PpoRunTest, GenerationRunsAheadByMaxStalenessAndNoFurther) {
  for (uint32_t staleness : {1, 3}) {
    v1::JobSpec spec = Spec(true, 6);
    spec.mutable_ppo()->set_max_staleness(staleness);
    spec.set_deterministic(staleness == 1);
    FillDefaults(spec);
    spec.mutable_ppo()->set_objective(v1::PPO_OBJECTIVE_IMPROVED);
    Trainer trainer(spec, {policy_.address()}, reward_);
    ASSERT_TRUE(trainer.Run().ok());
    ASSERT_EQ(trainer.context.steps.size(), 6u);
    EXPECT_EQ(trainer.context.steps[0].staleness_max(), 0u);
    EXPECT_EQ(trainer.context.steps[1].staleness_max(), 1u);
    EXPECT_EQ(trainer.context.steps[5].staleness_max(), staleness);
    EXPECT_EQ(trainer.context.steps[5].staleness_mean(), staleness);
  }
}

TEST_F(PpoRunTest, AStoppedRunThatWasAheadEndsWithTheSameBytes) {
  v1::JobSpec spec = Spec(true, 6);
  spec.mutable_ppo()->set_max_staleness(1);
  spec.mutable_ppo()->set_objective(v1::PPO_OBJECTIVE_IMPROVED);
  spec.mutable_ppo()->mutable_improvements()->set_importance_cap(2);
  Trainer whole(spec, {policy_.address()}, reward_);
  ASSERT_TRUE(whole.Run().ok());
  Trainer stopped(spec, {policy_.address()}, reward_);
  for (uint32_t stop : {1, 2, 5}) {
    stopped.context.StopAfter(stop);
    EXPECT_TRUE(absl::IsAborted(stopped.Run()));
  }
  stopped.context.StopAfter(0);
  ASSERT_TRUE(stopped.Run().ok());
  EXPECT_TRUE(stopped.Bytes() == whole.Bytes());
}

TEST_F(PpoRunTest, TheBestValidationIsKeptAndRestored) {
  v1::JobSpec spec = Spec(true, 6);
  spec.mutable_ppo()->set_validation_steps(2);
  spec.mutable_selection()->set_restore_best(true);
  Trainer trainer(spec, {policy_.address()}, reward_);
  trainer.validation = 4;
  ASSERT_TRUE(trainer.Run().ok());
  std::vector<uint32_t> validated;
  for (const auto& step : trainer.context.steps) {
    if (step.has_validation_reward()) validated.push_back(step.step());
  }
  EXPECT_THAT(validated, ElementsAre(2, 4, 6));
}

TEST_F(PpoRunTest, WhereverARunIsStoppedItsStepsAreReportedOnceAndValidated) {
  v1::JobSpec spec = Spec(true, 2);
  spec.mutable_ppo()->set_validation_steps(1);
  absl::Status first = absl::AbortedError("");
  for (int look = 1; absl::IsAborted(first); look += 2) {
    Trainer trainer(spec, {policy_.address()}, reward_);
    trainer.validation = 4;
    trainer.context.StopAtLook(look);
    first = trainer.Run();
    trainer.context.StopAtLook(0);
    if (!first.ok()) {
      ASSERT_TRUE(trainer.Run().ok()) << look;
    }
    std::vector<uint32_t> reported;
    for (const auto& step : trainer.context.steps) {
      reported.push_back(step.step());
      EXPECT_TRUE(step.has_validation_reward()) << "step " << step.step() << ", look " << look;
    }
    ASSERT_THAT(reported, ElementsAre(1, 2)) << look;
  }
  EXPECT_TRUE(first.ok()) << first;
}

TEST_F(PpoRunTest, AStepThatIsNotFiniteIsUndone) {
  v1::JobSpec spec = Spec(true, 4);
  spec.set_checkpoint_steps(100);
  spec.mutable_optimizer()->set_learning_rate(1e30);
  Trainer trainer(spec, {policy_.address()}, reward_);
  const absl::Status status = trainer.Run();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(GetErrorDetail(status)->reason, "NOT_FINITE") << status.message();
  for (const NamedTensor& p : trainer.learner->optimizer().parameters()) {
    EXPECT_LT(p.tensor.abs().max().item<double>(), 1e3) << p.name;
  }
}

// Without epsilon AdamW divides 0 by 0; no later mini-batch of the step has a loss that would show.
TEST_F(PpoRunTest, WeightsThatTheLastUpdateBrokeAreNotPushed) {
  v1::JobSpec spec = Spec(true, 1);
  spec.mutable_optimizer()->set_epsilon(0);
  spec.mutable_ppo()->set_mini_batch_size(spec.ppo().batch_size());
  spec.mutable_ppo()->set_ppo_epochs(1);
  Trainer trainer(spec, {policy_.address()}, reward_);
  const absl::Status status = trainer.Run();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(GetErrorDetail(status)->reason, "NOT_FINITE") << status.message();
  EXPECT_THAT(policy_.pushed(), ElementsAre("tuned"));  // as the job found it
}

TEST_F(PpoRunTest, AGuardEndsTheRunWithACheckpointOfItsStep) {
  v1::JobSpec spec = Spec(true, 4);
  spec.set_checkpoint_steps(100);
  spec.mutable_ppo()->mutable_guards()->set_max_length_ratio(.5);
  Trainer trainer(spec, {policy_.address()}, reward_);
  const absl::Status status = trainer.Run();
  EXPECT_EQ(GetErrorDetail(status)->reason, "COLLAPSE") << status.message();
  EXPECT_THAT(trainer.context.checkpoints().steps(), ElementsAre(1));
}

}  // namespace
}  // namespace tact

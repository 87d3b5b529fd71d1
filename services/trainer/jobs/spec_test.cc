#include "services/trainer/jobs/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "common/base/status.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

// A trainer with one T5 folder, one RoBERTa folder and a data set of each kind.
SpecEnvironment Environment() {
  SpecEnvironment environment;
  environment.find_start = [](const v1::JobSpec& spec) -> absl::StatusOr<StartKind> {
    if (spec.base_model() == "t5") return StartKind::kPolicy;
    if (spec.base_model() == "roberta") return StartKind::kClassifier;
    return FieldError("spec.base_model", spec.base_model(), "there is no such model folder",
                      "choose one of: roberta, t5");
  };
  environment.find_dataset = [](std::string_view id) -> absl::StatusOr<DatasetFacts> {
    if (id == "dialogues") return DatasetFacts{v1::DATASET_KIND_DIALOGUES, 10, true};
    if (id == "prompts") return DatasetFacts{v1::DATASET_KIND_DIALOGUES, 10, false};
    if (id == "pairs") return DatasetFacts{v1::DATASET_KIND_PAIRS, 10, true};
    if (id == "labelled") return DatasetFacts{v1::DATASET_KIND_LABELLED, 10, true};
    return absl::NotFoundError("no");
  };
  environment.has_policy = environment.has_reward = true;
  return environment;
}

v1::JobSpec Valid(v1::JobKind kind) {
  v1::JobSpec spec;
  spec.set_kind(kind);
  spec.set_base_model(kind == v1::JOB_KIND_REWARD ? "roberta" : "t5");
  spec.set_dataset_id(kind == v1::JOB_KIND_REWARD ? "labelled" : "dialogues");
  return spec;
}

TEST(ResolveSpec, FillsInTheDocumentedDefaults) {
  const auto lora = ResolveSpec(Valid(v1::JOB_KIND_LORA), Environment());
  ASSERT_TRUE(lora.ok()) << lora.status();
  EXPECT_EQ(lora->checkpoint_steps(), 50u);
  EXPECT_EQ(lora->optimizer().learning_rate(), 1e-3);
  EXPECT_EQ(lora->optimizer().max_grad_norm(), 1.0);
  EXPECT_EQ(lora->optimizer().schedule(), v1::SCHEDULE_LINEAR);
  EXPECT_EQ(lora->lora().rank(), 8u);
  EXPECT_EQ(lora->lora().alpha(), 32.0);
  EXPECT_EQ(lora->lora().dropout(), 0.05);
  EXPECT_EQ(lora->lora().target_modules_size(), 2);
  EXPECT_EQ(lora->supervised().batch_size(), 8u);
  EXPECT_EQ(lora->prompt_template(), "summarize");

  const auto ppo = ResolveSpec(Valid(v1::JOB_KIND_PPO), Environment());
  ASSERT_TRUE(ppo.ok()) << ppo.status();
  EXPECT_EQ(ppo->checkpoint_steps(), 5u);
  EXPECT_EQ(ppo->optimizer().learning_rate(), 1.41e-5);
  EXPECT_EQ(ppo->optimizer().max_grad_norm(), 0.0);
  EXPECT_EQ(ppo->optimizer().schedule(), v1::SCHEDULE_CONSTANT);
  EXPECT_EQ(ppo->lora().dropout(), 0.0);
  EXPECT_TRUE(ppo->ppo().use_lora());
  EXPECT_EQ(ppo->ppo().reward_label(), "neutral");
  EXPECT_EQ(ppo->ppo().sampling().max_new_tokens(), 100u);
  EXPECT_TRUE(ppo->ppo().sampling().do_sample());
  EXPECT_EQ(ppo->ppo().objective(), v1::PPO_OBJECTIVE_TRL);
  EXPECT_EQ(ppo->ppo().value_head_dropout(), 0.1);
  EXPECT_EQ(ppo->ppo().kl_reference(), v1::KL_REFERENCE_INITIAL);
}

TEST(ResolveSpec, AQuorumIsMoreThanHalfAndNeverMoreThanThereAre) {
  SpecEnvironment environment = Environment();
  environment.policy_replicas = 3;
  v1::JobSpec spec = Valid(v1::JOB_KIND_PPO);
  spec.mutable_publish()->set_mode(v1::PUBLISH_MODE_QUORUM);
  EXPECT_EQ(ResolveSpec(spec, environment)->publish().min_replicas(), 2u);
  spec.mutable_publish()->set_min_replicas(4);
  const std::string error(ResolveSpec(spec, environment).status().message());
  EXPECT_THAT(error, HasSubstr("spec.publish.min_replicas"));
  EXPECT_THAT(error, HasSubstr("4"));
  EXPECT_THAT(error, HasSubstr("choose 1 to 3"));
}

TEST(ResolveSpec, AnImprovementMakesTheObjectiveImproved) {
  v1::JobSpec spec = Valid(v1::JOB_KIND_PPO);
  spec.mutable_ppo()->mutable_improvements()->set_kl_estimator(v1::KL_ESTIMATOR_K1);
  EXPECT_EQ(ResolveSpec(spec, Environment())->ppo().objective(), v1::PPO_OBJECTIVE_TRL);
  spec.mutable_ppo()->mutable_improvements()->set_count_first_token(true);
  EXPECT_EQ(ResolveSpec(spec, Environment())->ppo().objective(), v1::PPO_OBJECTIVE_IMPROVED);
}

TEST(ResolveSpec, KeepsWhatIsSetToZero) {
  v1::JobSpec spec = Valid(v1::JOB_KIND_PPO);
  spec.mutable_ppo()->set_init_kl_coef(0);
  spec.mutable_ppo()->mutable_guards()->set_min_length_ratio(0);
  spec.mutable_ppo()->set_use_lora(false);
  const auto resolved = ResolveSpec(spec, Environment());
  ASSERT_TRUE(resolved.ok());
  EXPECT_EQ(resolved->ppo().init_kl_coef(), 0);
  EXPECT_EQ(resolved->ppo().guards().min_length_ratio(), 0);
  EXPECT_FALSE(resolved->ppo().use_lora());
  EXPECT_FALSE(resolved->has_lora());
}

TEST(ResolveSpec, TheNameIsTheServedName) {
  v1::JobSpec spec = Valid(v1::JOB_KIND_FULL);
  spec.set_name("summariser-2");
  EXPECT_EQ(ResolveSpec(spec, Environment())->publish_as(), "summariser-2");
}

// What is wrong, and what the error must say: the field and a cure.
struct Case {
  const char* why;
  v1::JobKind kind;
  std::function<void(v1::JobSpec&)> spoil;
  const char* field;
  const char* fix;
};

TEST(ResolveSpec, EveryErrorNamesFieldAndCure) {
  const Case cases[] = {
      {"trl improved", v1::JOB_KIND_PPO,
       [](v1::JobSpec& s) {
         s.mutable_ppo()->set_objective(v1::PPO_OBJECTIVE_TRL);
         s.mutable_ppo()->mutable_improvements()->set_whiten_over_batch(true);
       },
       "spec.ppo.objective", "PPO_OBJECTIVE_IMPROVED"},
      {"unknown estimator", v1::JOB_KIND_PPO,
       [](v1::JobSpec& s) {
         s.mutable_ppo()->mutable_improvements()->set_kl_estimator(static_cast<v1::KlEstimator>(9));
       },
       "spec.ppo.improvements.kl_estimator", "K1, K2"},
      {"unknown accumulation", v1::JOB_KIND_FULL,
       [](v1::JobSpec& s) {
         s.mutable_supervised()->set_accumulation(static_cast<v1::Accumulation>(9));
       },
       "spec.supervised.accumulation", "MEAN_OF_MEANS"},
      {"unknown optimizer", v1::JOB_KIND_FULL,
       [](v1::JobSpec& s) {
         s.mutable_optimizer()->set_algorithm(static_cast<v1::OptimizerAlgorithm>(9));
       },
       "spec.optimizer.algorithm", "ADAMW_HF"},
      {"no kind", v1::JOB_KIND_UNSPECIFIED, [](v1::JobSpec&) {}, "spec.kind", "FULL, LORA"},
      {"no start", v1::JOB_KIND_FULL, [](v1::JobSpec& s) { s.clear_start(); }, "spec.start",
       "base_model or base_job"},
      {"unknown model", v1::JOB_KIND_FULL, [](v1::JobSpec& s) { s.set_base_model("gpt"); },
       "spec.base_model", "roberta, t5"},
      {"classifier as policy", v1::JOB_KIND_LORA,
       [](v1::JobSpec& s) { s.set_base_model("roberta"); }, "spec.base_model", "T5"},
      {"policy as classifier", v1::JOB_KIND_REWARD, [](v1::JobSpec& s) { s.set_base_model("t5"); },
       "spec.base_model", "RoBERTa"},
      {"unknown data set", v1::JOB_KIND_FULL, [](v1::JobSpec& s) { s.set_dataset_id("x"); },
       "spec.dataset_id", "UploadDataset"},
      {"unknown validation set", v1::JOB_KIND_FULL,
       [](v1::JobSpec& s) { s.set_validation_dataset_id("x"); }, "spec.validation_dataset_id",
       "UploadDataset"},
      {"texts for a policy", v1::JOB_KIND_FULL,
       [](v1::JobSpec& s) { s.set_dataset_id("labelled"); }, "spec.dataset_id", "dialogues"},
      {"pairs for ppo", v1::JOB_KIND_PPO, [](v1::JobSpec& s) { s.set_dataset_id("pairs"); },
       "spec.dataset_id", "dialogues"},
      {"no summaries", v1::JOB_KIND_LORA, [](v1::JobSpec& s) { s.set_dataset_id("prompts"); },
       "spec.dataset_id", "summary"},
      {"fresh adapter on nothing", v1::JOB_KIND_LORA,
       [](v1::JobSpec& s) { s.set_from_scratch(true); }, "spec.from_scratch", "FULL"},
      {"served as base", v1::JOB_KIND_FULL, [](v1::JobSpec& s) { s.set_publish_as("base"); },
       "spec.publish_as", "lower-case"},
      {"served name from name", v1::JOB_KIND_FULL, [](v1::JobSpec& s) { s.set_name("My Job"); },
       "spec.publish_as", "lower-case"},
      {"template", v1::JOB_KIND_FULL, [](v1::JobSpec& s) { s.set_prompt_template("{x}"); },
       "prompt_template", ""},
      {"learning rate", v1::JOB_KIND_FULL,
       [](v1::JobSpec& s) { s.mutable_optimizer()->set_learning_rate(-1); },
       "spec.optimizer.learning_rate", "above 0"},
      {"learning rate NaN", v1::JOB_KIND_FULL,
       [](v1::JobSpec& s) { s.mutable_optimizer()->set_learning_rate(NAN); },
       "spec.optimizer.learning_rate", "above 0"},
      {"smoothing", v1::JOB_KIND_REWARD,
       [](v1::JobSpec& s) { s.mutable_supervised()->set_label_smoothing(1); },
       "spec.supervised.label_smoothing", "0.99"},
      {"more parts than examples", v1::JOB_KIND_FULL,
       [](v1::JobSpec& s) { s.mutable_supervised()->set_gradient_accumulation_steps(9); },
       "spec.supervised.gradient_accumulation_steps", "as many parts"},
      {"mini batch", v1::JOB_KIND_PPO,
       [](v1::JobSpec& s) { s.mutable_ppo()->set_mini_batch_size(5); }, "spec.ppo.mini_batch_size",
       "divisor"},
      {"greedy ppo", v1::JOB_KIND_PPO,
       [](v1::JobSpec& s) { s.mutable_ppo()->mutable_sampling()->set_do_sample(false); },
       "spec.ppo.sampling.do_sample", "true"},
      {"several samples", v1::JOB_KIND_PPO,
       [](v1::JobSpec& s) { s.mutable_ppo()->mutable_sampling()->set_num_samples(2); },
       "spec.ppo.sampling.num_samples", "1"},
      {"min above max tokens", v1::JOB_KIND_PPO,
       [](v1::JobSpec& s) {
         s.mutable_ppo()->mutable_sampling()->set_max_new_tokens(10);
         s.mutable_ppo()->mutable_sampling()->set_min_new_tokens(11);
       },
       "spec.ppo.sampling.min_new_tokens", "10"},
      {"dialogue limits", v1::JOB_KIND_PPO,
       [](v1::JobSpec& s) {
         s.mutable_ppo()->set_min_dialogue_chars(20);
         s.mutable_ppo()->set_max_dialogue_chars(10);
       },
       "spec.ppo.max_dialogue_chars", "no limit"},
      {"dropout in ppo", v1::JOB_KIND_PPO,
       [](v1::JobSpec& s) { s.mutable_lora()->set_dropout(0.1); }, "spec.lora.dropout", "0"},
      {"adapter rank", v1::JOB_KIND_LORA, [](v1::JobSpec& s) { s.mutable_lora()->set_rank(5000); },
       "spec.lora.rank", "1024"},
  };
  for (const Case& c : cases) {
    v1::JobSpec spec = Valid(c.kind);
    c.spoil(spec);
    const auto resolved = ResolveSpec(spec, Environment());
    ASSERT_TRUE(absl::IsInvalidArgument(resolved.status())) << c.why << ": " << resolved.status();
    const std::string message(resolved.status().message());
    EXPECT_THAT(message, HasSubstr(c.field)) << c.why;
    EXPECT_THAT(message, HasSubstr(c.fix)) << c.why;
  }
}

TEST(ResolveSpec, PpoNeedsReplicas) {
  SpecEnvironment environment = Environment();
  environment.has_reward = false;
  const auto resolved = ResolveSpec(Valid(v1::JOB_KIND_PPO), environment);
  EXPECT_TRUE(absl::IsFailedPrecondition(resolved.status()));
  EXPECT_THAT(std::string(resolved.status().message()), HasSubstr("--reward"));
  EXPECT_TRUE(ResolveSpec(Valid(v1::JOB_KIND_FULL), environment).ok());
}

}  // namespace
}  // namespace tact

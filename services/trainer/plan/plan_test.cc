// Parameter counts and the memory estimate against models that are really built and trained.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <fstream>
#include <limits>
#include <string>

#include "common/model/lora.h"
#include "common/model/t5_model.h"
#include "services/trainer/jobs/spec_defaults.h"
#include "services/trainer/plan/memory_estimate.h"
#include "services/trainer/plan/parameter_plan.h"
#include "services/trainer/plan/trial.h"
#include "services/trainer/sft/sft_task.h"
#include "services/trainer/testing/tiny_models.h"
#include "services/trainer/weights/lora_settings.h"

namespace tact {
namespace {

v1::JobSpec Spec(v1::JobKind kind) {
  v1::JobSpec spec;
  spec.set_kind(kind);
  spec.set_base_model("t5");
  FillDefaults(spec);
  return spec;
}

TEST(PlanParameters, EqualsTheCountsOfTheModelThatIsBuilt) {
  T5Config config = TinyT5Config();
  config.num_layers = 2;
  for (const bool gated : {false, true}) {
    config.gated = gated;
    config.tie_word_embeddings = gated;
    for (const char* target : {"q", "o", "wo", "EncDecAttention.v"}) {
      v1::JobSpec spec = Spec(v1::JOB_KIND_LORA);
      spec.mutable_lora()->clear_target_modules();
      spec.mutable_lora()->add_target_modules(target);
      spec.mutable_lora()->set_bias(v1::LORA_BIAS_ALL);
      const auto plan = PlanParameters(config, spec);
      ASSERT_TRUE(plan.ok()) << plan.status();
      const auto model = T5Model::Create(config, 1).value();
      const auto adapter = LoraAdapter::Attach(*model, ToLoraConfig(spec), 1).value();
      const ParameterCount count = CountParameters(*model);
      EXPECT_EQ(plan->count.trainable, count.trainable) << target;
      EXPECT_EQ(plan->count.total, count.total) << target;
    }
    EXPECT_EQ(PlanParameters(config, Spec(v1::JOB_KIND_FULL))->count.total,
              config.num_parameters());
  }
}

// The reference notebook prints 3538944 trained of 251116800 for this adapter on flan-t5-base.
TEST(PlanParameters, KnowsTheNotebooksAdapterWithoutItsWeights) {
  T5Config config;
  config.d_model = 768;
  config.d_ff = 2048;
  config.num_heads = 12;
  config.num_layers = config.num_decoder_layers = 12;
  config.gated = true;
  config.tie_word_embeddings = false;
  v1::JobSpec spec = Spec(v1::JOB_KIND_LORA);
  spec.mutable_lora()->set_rank(32);
  const auto plan = PlanParameters(config, spec);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->count.trainable, 3538944);
  EXPECT_EQ(plan->count.total, 251116800);
}

TEST(PlanParameters, AnUnknownTargetIsAnErrorThatNamesIt) {
  v1::JobSpec spec = Spec(v1::JOB_KIND_LORA);
  spec.mutable_lora()->add_target_modules("qq");
  const auto plan = PlanParameters(TinyT5Config(), spec);
  EXPECT_THAT(std::string(plan.status().message()), ::testing::HasSubstr("qq"));
}

// Bytes of a line of /proc/self/status.
double StatusBytes(const std::string& name) {
  std::ifstream in("/proc/self/status");
  for (std::string word; in >> word;) {
    double kilobytes = 0;
    if (word == name + ":" && in >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

// Peak memory of `body` above what was occupied before.
template <typename Body>
double PeakBytes(Body&& body) {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak starts anew
  const double before = StatusBytes("VmRSS");
  body();
  return StatusBytes("VmHWM") - before;
}

T5Config MediumConfig() {
  T5Config config;
  config.vocab_size = 4000;
  config.d_model = 256;
  config.d_kv = 32;
  config.d_ff = 1024;
  config.num_heads = 8;
  config.num_layers = config.num_decoder_layers = 4;
  config.gated = true;
  config.activation = Activation::kGeluNew;
  return config;
}

std::vector<SftExample> EqualExamples(size_t count, size_t prompt, size_t response) {
  SftExample one;
  one.prompt.assign(prompt, 7);
  one.response.assign(response, 9);
  return std::vector<SftExample>(count, one);
}

class MemoryEstimateTest : public ::testing::TestWithParam<v1::JobKind> {};

// Within a factor of 1.35 either way.
TEST_P(MemoryEstimateTest, AgreesWithTheMeasuredPeakOfARun) {
  const T5Config config = MediumConfig();
  v1::JobSpec spec = Spec(GetParam());
  TrainingShape shape;
  shape.batch = {8, 160, 40};
  shape.all_weights = GetParam() == v1::JOB_KIND_FULL;
  const v1::MemoryEstimate estimate =
      EstimateMemory(config, PlanParameters(config, spec).value(), shape);
  spec.mutable_supervised()->set_batch_size(8);
  const double peak = PeakBytes([&] {
    const auto model = T5Model::Create(config, 1).value();
    std::unique_ptr<LoraAdapter> adapter;
    if (!shape.all_weights) adapter = LoraAdapter::Attach(*model, ToLoraConfig(spec), 1).value();
    SftTask task(*model, spec.supervised(), EqualExamples(32, 160, 40), {});
    EXPECT_TRUE(TimeSupervisedStep(task, spec, {.seconds = 60, .steps = 2}).ok());
  });
  RecordProperty("estimate", std::to_string(estimate.total()));
  RecordProperty("peak", std::to_string(peak));
  EXPECT_GT(static_cast<double>(estimate.total()), peak / 1.35) << estimate.DebugString();
  EXPECT_LT(static_cast<double>(estimate.total()), peak * 1.35) << estimate.DebugString() << peak;
}

INSTANTIATE_TEST_SUITE_P(Kinds, MemoryEstimateTest,
                         ::testing::Values(v1::JOB_KIND_FULL, v1::JOB_KIND_LORA));

TEST(MemoryEstimate, PartsFollowTheFormula) {
  T5Config config = TinyT5Config();
  ParameterPlan parameters;
  parameters.count = {100, 1000};
  TrainingShape shape;
  shape.reference_parameters = 900;
  shape.process_bytes = 7;
  v1::MemoryEstimate out = EstimateMemory(config, parameters, shape);
  EXPECT_EQ(out.weights(), 4u * 1900);
  EXPECT_EQ(out.gradients(), 400u);
  EXPECT_EQ(out.optimizer(), 800u);
  EXPECT_EQ(out.activations(), 0u);
  EXPECT_EQ(out.total(), 7u + (32u << 20) + 2 * 7600u);  // loading needs more than training
  shape.batch = {8, 20, 10};
  const uint64_t one = EstimateMemory(config, parameters, shape).activations();
  shape.batch.rows = 16;
  EXPECT_EQ(EstimateMemory(config, parameters, shape).activations(), 2 * one);
}

TEST(Trial, GivesUpWhenTold) {
  const auto model = T5Model::Create(TinyT5Config(), 1).value();
  v1::JobSpec spec = Spec(v1::JOB_KIND_FULL);
  SftTask task(*model, spec.supervised(), CopyExamples(50, 1), {});
  int asked = 0;
  const TrialLimits limits = {.give_up = [&] { return ++asked > 3; }};
  EXPECT_TRUE(absl::IsCancelled(TimeSupervisedStep(task, spec, limits).status()));
  EXPECT_LE(asked, 5);
}

TEST(Trial, AMicroBatchStandsForItsStep) {
  v1::JobSpec spec = Spec(v1::JOB_KIND_FULL);
  spec.mutable_supervised()->set_batch_size(10);
  spec.mutable_supervised()->set_gradient_accumulation_steps(4);
  uint32_t parts = 0;
  EXPECT_EQ(OneMicroBatch(spec, &parts).supervised().batch_size(), 3u);
  EXPECT_EQ(parts, 4u);
}

TEST(Trial, PpoLearnsFromMadeUpResponses) {
  v1::JobSpec spec = Spec(v1::JOB_KIND_PPO);
  spec.mutable_ppo()->mutable_sampling()->set_max_new_tokens(6);
  const auto learner =
      PpoLearner::Create(T5Model::Create(TinyT5Config(), 1).value(), nullptr, spec).value();
  const std::vector<PpoPrompt> prompts = {{{5, 6, 1}, ""}, {{8, 1}, ""}};
  const auto seconds = TimePpoStep(*learner, prompts, spec, {.seconds = 1, .steps = 2});
  ASSERT_TRUE(seconds.ok()) << seconds.status();
  EXPECT_GT(*seconds, 0);
}

}  // namespace
}  // namespace tact

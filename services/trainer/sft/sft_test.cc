#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>

#include "common/base/file.h"
#include "common/model/lora.h"
#include "common/model/t5_model.h"
#include "common/model/torch_io.h"
#include "services/trainer/jobs/spec_defaults.h"
#include "services/trainer/sft/sft_task.h"
#include "services/trainer/supervised/loop.h"
#include "services/trainer/testing/fake_context.h"
#include "services/trainer/testing/temp_folder.h"
#include "services/trainer/testing/tiny_models.h"
#include "services/trainer/weights/lora_settings.h"

namespace tact {
namespace {

using ::testing::HasSubstr;

v1::JobSpec Spec(v1::JobKind kind, uint32_t steps) {
  v1::JobSpec spec;
  spec.set_kind(kind);
  spec.set_base_model("tiny");
  spec.set_seed(5);
  spec.set_checkpoint_steps(3);
  spec.mutable_supervised()->set_max_steps(steps);
  spec.mutable_supervised()->set_batch_size(8);
  FillDefaults(spec);
  return spec;
}

// A model, its adapter where the kind wants one, and its task.
struct Trained {
  explicit Trained(const v1::JobSpec& spec) {
    model = T5Model::Create(TinyT5Config(), spec.seed()).value();
    if (spec.kind() == v1::JOB_KIND_LORA) {
      adapter = LoraAdapter::Attach(*model, ToLoraConfig(spec), 9).value();
    } else {
      model->SetRequiresGrad(true);
    }
    task = std::make_unique<SftTask>(*model, spec.supervised(), CopyExamples(50, 1),
                                     CopyExamples(10, 2));
  }

  std::string Bytes() const {
    TempFolder folder;
    EXPECT_TRUE(WriteTensors(folder.path() / "t", TrainableParameters(*model)).ok());
    return ReadFile(folder.path() / "t").value();
  }

  std::unique_ptr<T5Model> model;
  std::unique_ptr<LoraAdapter> adapter;
  std::unique_ptr<SftTask> task;
};

class SftKinds : public ::testing::TestWithParam<v1::JobKind> {};

TEST_P(SftKinds, ResumedRunEndsWithTheSameBytes) {
  const v1::JobSpec spec = Spec(GetParam(), 10);
  TempFolder straight_folder;
  FakeContext straight_context(spec, straight_folder.path());
  Trained straight(spec);
  ASSERT_TRUE(TrainSupervised(*straight.task, straight_context).ok());
  ASSERT_EQ(straight_context.steps.size(), 10u);

  for (uint32_t stop : {1u, 3u, 7u}) {
    TempFolder folder;
    FakeContext context(spec, folder.path());
    context.StopAfter(stop);
    Trained first(spec);
    EXPECT_TRUE(IsTrainerStop(TrainSupervised(*first.task, context)));
    context.StopAfter(0);
    Trained second(spec);
    ASSERT_TRUE(TrainSupervised(*second.task, context).ok());
    EXPECT_EQ(second.Bytes(), straight.Bytes()) << "stopped after " << stop;
    EXPECT_THAT(context.notes.at(0), HasSubstr("goes on from the checkpoint"));
  }
}

TEST_P(SftKinds, LossFalls) {
  v1::JobSpec spec = Spec(GetParam(), 120);
  spec.mutable_optimizer()->set_learning_rate(1e-2);
  TempFolder folder;
  FakeContext context(spec, folder.path());
  Trained trained(spec);
  ASSERT_TRUE(TrainSupervised(*trained.task, context).ok());
  EXPECT_LT(context.steps.back().loss(), 0.9 * context.steps.front().loss());
  EXPECT_TRUE(context.steps.back().has_validation_loss());
}

INSTANTIATE_TEST_SUITE_P(Kinds, SftKinds, ::testing::Values(v1::JOB_KIND_FULL, v1::JOB_KIND_LORA));

TEST(Sft, AccumulationChangesMemoryNotTheResult) {
  std::vector<double> losses;
  for (uint32_t parts : {1u, 4u}) {
    v1::JobSpec spec = Spec(v1::JOB_KIND_FULL, 5);
    spec.mutable_supervised()->set_gradient_accumulation_steps(parts);
    TempFolder folder;
    FakeContext context(spec, folder.path());
    T5Config config = TinyT5Config();
    config.dropout_rate = 0;
    const auto model = T5Model::Create(config, 5).value();
    model->SetRequiresGrad(true);
    SftTask task(*model, spec.supervised(), CopyExamples(50, 1), {});
    ASSERT_TRUE(TrainSupervised(task, context).ok());
    losses.push_back(context.steps.back().loss());
  }
  EXPECT_NEAR(losses[0], losses[1], 1e-4);
}

// Two micro-batches of unlike length: by items the longer one weighs more.
TEST(Sft, AMeanOfMeansWeighsMicroBatchesAlike) {
  for (const auto accumulation : {v1::ACCUMULATION_BY_ITEMS, v1::ACCUMULATION_MEAN_OF_MEANS}) {
    v1::JobSpec spec = Spec(v1::JOB_KIND_FULL, 1);
    spec.mutable_supervised()->set_gradient_accumulation_steps(2);
    spec.mutable_supervised()->set_accumulation(accumulation);
    TempFolder folder;
    FakeContext context(spec, folder.path());
    const auto model = T5Model::Create(TinyT5Config(), 5).value();
    model->SetRequiresGrad(true);
    const std::vector<SftExample> examples = {{{5, 6, 1}, {7, 1}}, {{8, 9, 1}, {3, 4, 5, 6, 7, 1}}};
    SftTask task(*model, spec.supervised(), examples, {});
    std::vector<double> means;
    const SupervisedHooks hooks = {.plan =
                                       [](uint64_t) {
                                         return std::vector<Batch>{{0, 1}};
                                       },
                                   .on_micro_batch = [&](double loss) { means.push_back(loss); }};
    ASSERT_TRUE(TrainSupervised(task, context, hooks).ok());
    ASSERT_EQ(means.size(), 2u);
    const double share = accumulation == v1::ACCUMULATION_BY_ITEMS ? 2.0 / 8 : 0.5;
    EXPECT_NEAR(context.steps[0].loss(), share * means[0] + (1 - share) * means[1], 1e-5);
  }
}

TEST(Sft, NanStopsBeforeTheWeightsChangeAndNamesTheStep) {
  const v1::JobSpec spec = Spec(v1::JOB_KIND_FULL, 5);
  TempFolder folder;
  FakeContext context(spec, folder.path());
  Trained trained(spec);
  at::Tensor head = trained.model->parameters().At("lm_head.weight").detach();
  head.data_ptr<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  const std::string before = trained.Bytes();
  const absl::Status status = TrainSupervised(*trained.task, context);
  EXPECT_TRUE(absl::IsInternal(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("the loss of step 1"));
  EXPECT_EQ(trained.Bytes(), before);
}

TEST(Sft, CancelEndsWithinAStep) {
  TempFolder folder;
  FakeContext context(Spec(v1::JOB_KIND_FULL, 5), folder.path());
  Trained trained(context.spec());
  context.Cancel();
  EXPECT_TRUE(absl::IsCancelled(TrainSupervised(*trained.task, context)));
  EXPECT_TRUE(context.steps.empty());
}

}  // namespace
}  // namespace tact

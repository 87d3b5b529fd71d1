// The same losses and weights from one, two and three ranks, with batches that do not divide.
#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>

#include "common/base/status.h"
#include "common/model/lora.h"
#include "common/model/roberta_model.h"
#include "common/model/t5_model.h"
#include "services/trainer/classifier/classifier_task.h"
#include "services/trainer/jobs/spec_defaults.h"
#include "services/trainer/ppo/learner.h"
#include "services/trainer/ppo/ppo_job.h"
#include "services/trainer/sft/sft_task.h"
#include "services/trainer/supervised/loop.h"
#include "services/trainer/testing/fake_context.h"
#include "services/trainer/testing/temp_folder.h"
#include "services/trainer/testing/thread_ranks.h"
#include "services/trainer/testing/tiny_models.h"
#include "services/trainer/weights/lora_settings.h"

namespace tact {
namespace {

constexpr double kTolerance = 1e-5;

T5Config NoDropout() {
  T5Config config = TinyT5Config();
  config.dropout_rate = 0;
  return config;
}

class RankContext : public FakeContext {
 public:
  RankContext(v1::JobSpec spec, const std::filesystem::path& folder, RankGroup& ranks)
      : FakeContext(std::move(spec), folder), ranks_(ranks) {}
  absl::Status BeginStep() override {
    RETURN_IF_ERROR(CheckStop());
    return ranks_.Barrier();
  }
  RankGroup* ranks() override { return &ranks_; }

 private:
  RankGroup& ranks_;
};

// What rank 0 found: the numbers of each step, and the trained weights at the end.
struct Curve {
  std::vector<double> numbers;
  std::vector<at::Tensor> weights;
};

void ExpectSame(const Curve& one, const Curve& several, int ranks) {
  ASSERT_EQ(one.numbers.size(), several.numbers.size());
  ASSERT_FALSE(one.numbers.empty());
  for (size_t i = 0; i < one.numbers.size(); ++i) {
    EXPECT_NEAR(one.numbers[i], several.numbers[i], kTolerance) << i << " of " << ranks << " ranks";
  }
  ASSERT_EQ(one.weights.size(), several.weights.size());
  for (size_t i = 0; i < one.weights.size(); ++i) {
    EXPECT_LT((one.weights[i] - several.weights[i]).abs().max().item<double>(), kTolerance);
  }
}

std::vector<at::Tensor> Copies(const std::vector<NamedTensor>& parameters) {
  std::vector<at::Tensor> out;
  for (const NamedTensor& p : parameters) out.push_back(p.tensor.detach().clone());
  return out;
}

using Recipe = std::function<void(RankGroup&, Curve&)>;

void ExpectSameCurves(const Recipe& recipe) {
  Curve one;
  OnRanks(1, [&](RankGroup& ranks) { recipe(ranks, one); });
  for (int size : {2, 3}) {
    Curve several;
    OnRanks(size, [&](RankGroup& ranks) {
      Curve own;
      recipe(ranks, own);
      if (Leads(ranks)) several = std::move(own);
    });
    ExpectSame(one, several, size);
  }
}

v1::JobSpec SupervisedSpec(v1::JobKind kind) {
  v1::JobSpec spec;
  spec.set_kind(kind);
  spec.set_seed(5);
  spec.mutable_lora()->set_dropout(0);
  spec.mutable_supervised()->set_max_steps(9);
  spec.mutable_supervised()->set_batch_size(7);  // of 52 examples: batches of 7 and of 3
  spec.mutable_supervised()->set_gradient_accumulation_steps(3);
  spec.mutable_optimizer()->set_learning_rate(1e-4);
  FillDefaults(spec);
  return spec;
}

void Train(SupervisedTask& task, const v1::JobSpec& spec, RankGroup& ranks, Curve& out) {
  TempFolder folder;
  RankContext context(spec, folder.path(), ranks);
  const absl::Status status = TrainSupervised(task, context);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(context.checkpoints().steps().empty(), !Leads(ranks)) << "only rank 0 writes";
  for (const auto& step : context.steps) {
    out.numbers.push_back(step.loss());
    out.numbers.push_back(step.grad_norm());
  }
  out.weights = Copies(TrainableParameters(task.model()));
}

class Supervised : public ::testing::TestWithParam<std::tuple<v1::JobKind, v1::Accumulation>> {};

TEST_P(Supervised, SameCurve) {
  v1::JobSpec spec = SupervisedSpec(std::get<0>(GetParam()));
  spec.mutable_supervised()->set_accumulation(std::get<1>(GetParam()));
  ExpectSameCurves([&](RankGroup& ranks, Curve& out) {
    const auto model = T5Model::Create(NoDropout(), 5).value();
    std::unique_ptr<LoraAdapter> adapter;
    if (spec.kind() == v1::JOB_KIND_LORA) {
      adapter = LoraAdapter::Attach(*model, ToLoraConfig(spec), 9).value();
    } else {
      model->SetRequiresGrad(true);
    }
    SftTask task(*model, spec.supervised(), CopyExamples(52, 1), {});
    Train(task, spec, ranks, out);
  });
}

INSTANTIATE_TEST_SUITE_P(Kinds, Supervised,
                         ::testing::Combine(::testing::Values(v1::JOB_KIND_FULL, v1::JOB_KIND_LORA),
                                            ::testing::Values(v1::ACCUMULATION_BY_ITEMS,
                                                              v1::ACCUMULATION_MEAN_OF_MEANS)));

RobertaConfig TinyRoberta() {
  RobertaConfig config;
  config.vocab_size = 40;
  config.hidden_size = 16;
  config.num_hidden_layers = 1;
  config.num_attention_heads = 2;
  config.intermediate_size = 24;
  config.hidden_dropout_prob = config.classifier_dropout = 0;
  config.attention_probs_dropout_prob = 0;
  return config;
}

TEST(Reward, SameCurve) {
  const v1::JobSpec spec = SupervisedSpec(v1::JOB_KIND_REWARD);
  std::vector<ClassifierExample> examples;
  for (const SftExample& example : CopyExamples(52, 1)) {
    examples.push_back({example.prompt, example.prompt[0] % 2});
  }
  ExpectSameCurves([&](RankGroup& ranks, Curve& out) {
    const auto model = RobertaModel::Create(TinyRoberta(), 5).value();
    model->SetRequiresGrad(true);
    ClassifierTask task(*model, spec.supervised(), examples, {});
    Train(task, spec, ranks, out);
  });
}

v1::JobSpec PpoSpec(bool lora, bool whole_batch) {
  v1::JobSpec spec;
  spec.set_kind(v1::JOB_KIND_PPO);
  spec.set_publish_as("tuned");
  spec.mutable_optimizer()->set_learning_rate(1e-4);
  v1::PpoSettings& ppo = *spec.mutable_ppo();
  ppo.set_steps(3);
  ppo.set_batch_size(10);
  ppo.set_mini_batch_size(5);
  ppo.set_ppo_epochs(2);
  ppo.set_use_lora(lora);
  ppo.set_value_head_dropout(0);
  ppo.mutable_improvements()->set_whiten_over_batch(whole_batch);
  FillDefaults(spec);
  return spec;
}

// 9 rollouts, as one was dropped: mini-batches of 5 and of 4, and responses of unlike length.
void LearnSteps(PpoLearner& learner, RankContext& context, Curve& out) {
  ASSERT_TRUE(learner.StartFromRankZero().ok());
  for (uint32_t step = 0; step < 3; ++step) {
    std::vector<TokenSequence> rollouts;
    std::vector<double> scores;
    for (const SftExample& example : CopyExamples(9, 20 + step)) {
      rollouts.push_back({example.prompt, example.prompt});
      scores.push_back(0.1 * example.prompt[0]);
    }
    ASSERT_TRUE(context.BeginStep().ok());
    const auto stats = learner.Learn(rollouts, scores, 0.2, step, [] { return absl::OkStatus(); });
    ASSERT_TRUE(stats.ok()) << stats.status();
    for (const auto& [name, number] : NameStats(*stats)) out.numbers.push_back(number);
  }
}

class Ppo : public ::testing::TestWithParam<std::tuple<bool, bool>> {};

TEST_P(Ppo, SameCurve) {
  const auto [lora, whole_batch] = GetParam();
  const v1::JobSpec spec = PpoSpec(lora, whole_batch);
  ExpectSameCurves([&](RankGroup& ranks, Curve& out) {
    auto model = T5Model::Create(NoDropout(), 5).value();
    std::unique_ptr<T5Model> reference;
    if (!spec.ppo().use_lora()) reference = T5Model::Create(NoDropout(), 6).value();
    const auto learner = PpoLearner::Create(std::move(model), std::move(reference), spec).value();
    learner->set_ranks(ranks);
    TempFolder folder;
    RankContext context(spec, folder.path(), ranks);
    if (Leads(ranks)) {
      LearnSteps(*learner, context, out);
    } else {
      EXPECT_TRUE(absl::IsCancelled(FollowSteps(context, *learner)));
    }
    out.weights = Copies(learner->optimizer().parameters());
  });
}

INSTANTIATE_TEST_SUITE_P(Kinds, Ppo, ::testing::Combine(::testing::Bool(), ::testing::Bool()));

TEST(Supervised, RanksStartFromRankZerosWeights) {
  const v1::JobSpec spec = SupervisedSpec(v1::JOB_KIND_LORA);
  std::mutex mutex;
  std::vector<std::vector<at::Tensor>> weights;
  OnRanks(2, [&](RankGroup& ranks) {
    const auto model = T5Model::Create(NoDropout(), 5).value();
    const auto adapter =
        LoraAdapter::Attach(*model, ToLoraConfig(spec), Leads(ranks) ? 9 : 10).value();
    SftTask task(*model, spec.supervised(), CopyExamples(52, 1), {});
    Curve curve;
    Train(task, spec, ranks, curve);
    std::lock_guard lock(mutex);
    weights.push_back(curve.weights);
  });
  ASSERT_EQ(weights.size(), 2u);
  for (size_t i = 0; i < weights[0].size(); ++i) {
    EXPECT_EQ((weights[0][i] - weights[1][i]).abs().max().item<double>(), 0);
  }
}

}  // namespace
}  // namespace tact

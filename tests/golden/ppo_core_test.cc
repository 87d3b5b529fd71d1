// The arithmetic of PPO on given numbers: advantages, whitening, losses, KL controllers.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "common/model/losses.h"
#include "services/trainer/ppo/gae.h"
#include "services/trainer/ppo/kl_controller.h"
#include "services/trainer/ppo/masked.h"
#include "services/trainer/ppo/ppo_loss.h"
#include "services/trainer/ppo/token_rewards.h"
#include "tests/golden/reference.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;

at::Tensor Read(const SafeTensors& tensors, const std::string& name) {
  const std::vector<int64_t> shape = Shape(tensors, name);
  std::vector<float> values;
  if (tensors.Find(name)->dtype == DType::kI64) {
    for (const int32_t id : Ids(tensors, name)) values.push_back(static_cast<float>(id));
  } else {
    values = Floats(tensors, name);
  }
  return at::tensor(values).reshape(shape);
}

void ExpectNear(const at::Tensor& actual, const at::Tensor& expected, double tolerance,
                const std::string& what) {
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  const double scale = std::max(1e-6, expected.abs().max().item<double>());
  EXPECT_LE((actual - expected).abs().max().item<double>() / scale, tolerance) << what;
}

// A case of `losses` as the product's functions take it.
struct LossCase {
  LossCase(const SafeTensors& tensors, const Json& c)
      : key(c["key"].get<std::string>() + "."),
        config(c["config"]),
        options{config["gamma"], config["lam"], config["cliprange"], config["cliprange_value"],
                config["vf_coef"]},
        old{Read(tensors, key + "old_logprobs"), Read(tensors, key + "values"),
            Read(tensors, key + "rewards"), Read(tensors, key + "mask")} {}

  const std::string key;
  const Json& config;
  const PpoLossOptions options;
  const OldPolicy old;
};

void CheckRewards(const SafeTensors& tensors, const LossCase& c) {
  std::vector<double> scores;
  for (const float score : Floats(tensors, c.key + "scores")) scores.push_back(score);
  const at::Tensor kl =
      EstimateKl(c.old.logprobs, Read(tensors, c.key + "ref_logprobs"), v1::KL_ESTIMATOR_K1);
  const TokenRewards rewards = RewardTokens(scores, kl, c.old.mask, c.config["kl_coef"]);
  ExpectNear(rewards.penalty, Read(tensors, c.key + "non_score_rewards"), 1e-6, c.key + "penalty");
  ExpectNear(rewards.total, c.old.rewards, 1e-6, c.key + "rewards");
}

void CheckAdvantages(const SafeTensors& tensors, const LossCase& c, const Advantages& found) {
  ExpectNear(found.raw, Read(tensors, c.key + "advantages_raw"), 1e-6, c.key + "raw");
  ExpectNear(found.whitened, Read(tensors, c.key + "advantages"), 1e-6, c.key + "advantages");
  ExpectNear(found.returns, Read(tensors, c.key + "returns"), 1e-6, c.key + "returns");
}

// Every number under trl's name; entropy comes from the logits.
void CheckStats(const SafeTensors& tensors, const LossCase& c, PpoLoss& loss,
                const Json& expected) {
  loss.stats.entropy =
      MaskedMean(TokenEntropy(Read(tensors, c.key + "logits")), c.old.mask).item<double>();
  std::map<std::string, double> found;
  for (const auto& [name, number] : NameStats(loss.stats)) found[name] = number;
  for (const auto& [name, number] : expected.items()) {
    ASSERT_TRUE(found.contains(name)) << name;
    const double scale = std::max(1.0, std::abs(number.get<double>()));
    EXPECT_NEAR(found[name], number.get<double>(), 1e-6 * scale) << c.key << name;
  }
}

TEST(GoldenPpoCore, RewardsAdvantagesAndLosses) {
  const Json golden = ReadJson("ppo_core.json");
  const SafeTensors tensors = ReadTensors("ppo_core.safetensors");
  size_t used = 0;
  for (const Json& recorded : golden["losses"]) {
    const LossCase c(tensors, recorded);
    CheckRewards(tensors, c);
    const Advantages advantages = ComputeAdvantages(c.old, c.options);
    CheckAdvantages(tensors, c, advantages);
    at::Tensor logprobs = Read(tensors, c.key + "logprobs").requires_grad_(true);
    at::Tensor values = Read(tensors, c.key + "vpreds").requires_grad_(true);
    PpoLoss loss = ComputePpoLoss(c.old, advantages, logprobs, values, c.options);
    CheckStats(tensors, c, loss, recorded["stats"]);
    EXPECT_NEAR(loss.stats.policy_loss, recorded["policy_loss"].get<double>(), 1e-6) << c.key;
    EXPECT_NEAR(loss.stats.value_loss * c.options.vf_coef, recorded["value_loss"].get<double>(),
                1e-6 * std::max(1.0, loss.stats.value_loss))
        << c.key;
    ExpectNear(loss.ratio, Read(tensors, c.key + "ratio"), 1e-6, c.key + "ratio");
    loss.total.backward();
    ExpectNear(logprobs.grad(), Read(tensors, c.key + "grad_logprobs"), 1e-5, c.key + "logprobs");
    ExpectNear(values.grad(), Read(tensors, c.key + "grad_vpreds"), 1e-5, c.key + "vpreds");
    ++used;
  }
  PrintShare("ppo_core losses", used, golden["losses"].size());
}

void ExpectRelative(const at::Tensor& actual, const Json& expected, const std::string& what) {
  const double number = expected.get<double>();
  EXPECT_NEAR(actual.item<double>(), number, 1e-6 * std::max(1.0, std::abs(number))) << what;
}

TEST(GoldenPpoCore, MaskedStatistics) {
  const Json golden = ReadJson("ppo_core.json");
  const SafeTensors tensors = ReadTensors("ppo_core.safetensors");
  size_t used = 0;
  for (const Json& c : golden["masked"]) {
    const std::string key = c["key"].get<std::string>() + ".";
    const at::Tensor values = Read(tensors, key + "values"), mask = Read(tensors, key + "mask");
    const at::Tensor all = at::ones_like(mask);
    ExpectRelative(MaskedMean(values, mask), c["mean"], key + "mean");
    ExpectRelative(MaskedVariance(values, mask), c["variance"], key + "variance");
    ExpectRelative(MaskedVariance(values, mask, false), c["biased_variance"], key + "biased");
    const auto expect = [&](const at::Tensor& found, const std::string& name) {
      ExpectNear(found, Read(tensors, key + name), 1e-6, key + name);
    };
    expect(MaskedMeanByRow(values, mask), "mean_by_row");
    expect(MaskedWhiten(values, mask), "whitened");
    expect(MaskedWhiten(values, mask, WhitenMean::kKeep), "whitened_keep_mean");
    expect(MaskedWhiten(values, all), "whiten_all");
    expect(MaskedWhiten(values, all, WhitenMean::kKeep), "whiten_all_keep_mean");
    ++used;
  }
  PrintShare("ppo_core masked", used, golden["masked"].size());
}

TEST(GoldenPpoCore, LogprobsAndEntropies) {
  const SafeTensors tensors = ReadTensors("ppo_core.safetensors");
  const at::Tensor logits = Read(tensors, "distributions.logits");
  const at::Tensor labels = Read(tensors, "distributions.labels").to(at::kLong);
  ExpectNear(TokenLogprobs(logits, labels), Read(tensors, "distributions.logprobs"), 1e-6,
             "logprobs");
  ExpectNear(TokenEntropy(logits), Read(tensors, "distributions.entropy"), 1e-6, "entropy");
  const size_t rows = static_cast<size_t>(logits.size(0));
  PrintShare("ppo_core distributions", rows, rows);
}

double NumberOr(const Json& object, const char* key, double absent) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? absent : found->get<double>();
}

TEST(GoldenPpoCore, KlControllers) {
  const Json golden = ReadJson("ppo_core.json");
  size_t used = 0;
  for (const Json& c : golden["controllers"]) {
    KlController controller({.initial = c["init_kl_coef"],
                             .adaptive = c["kind"] == "adaptive",
                             .target = NumberOr(c, "target", 6.0),
                             .horizon = NumberOr(c, "horizon", 1e4)});
    for (const Json& update : c["updates"]) {
      controller.Update(update[0], update[1]);
      EXPECT_NEAR(controller.coef(), update[2].get<double>(), 1e-9) << update;
    }
    ++used;
  }
  PrintShare("ppo_core controllers", used, golden["controllers"].size());
}

}  // namespace
}  // namespace tact::golden

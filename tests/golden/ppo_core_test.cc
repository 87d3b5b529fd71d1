// The arithmetic of PPO on given numbers: advantages, whitening, losses, KL controllers.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "services/trainer/ppo/gae.h"
#include "services/trainer/ppo/kl_controller.h"
#include "services/trainer/ppo/masked.h"
#include "services/trainer/ppo/ppo_loss.h"
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

TEST(GoldenPpoCore, AdvantagesAndLosses) {
  const Json golden = ReadJson("ppo_core.json");
  const SafeTensors tensors = ReadTensors("ppo_core.safetensors");
  for (const Json& c : golden["losses"]) {
    const std::string key = c["key"].get<std::string>() + ".";
    const Json& config = c["config"];
    const at::Tensor mask = Read(tensors, key + "mask");
    OldPolicy old = {Read(tensors, key + "old_logprobs") * mask,
                     Read(tensors, key + "values") * mask, Read(tensors, key + "rewards") * mask,
                     mask};
    ExpectNear(
        GeneralizedAdvantages(old.rewards, old.values, config["gamma"], config["lam"]) * mask,
        Read(tensors, key + "advantages_raw") * mask, 1e-6, key + "advantages");
    at::Tensor logprobs = Read(tensors, key + "logprobs").requires_grad_(true);
    at::Tensor values = Read(tensors, key + "vpreds").requires_grad_(true);
    const PpoLoss loss = ComputePpoLoss(old, logprobs * mask, values * mask,
                                        {config["gamma"], config["lam"], config["cliprange"],
                                         config["cliprange_value"], config["vf_coef"]});
    EXPECT_NEAR(loss.policy, c["policy_loss"].get<double>(), 1e-6) << key;
    EXPECT_NEAR(loss.value * config["vf_coef"].get<double>(), c["value_loss"].get<double>(), 1e-5)
        << key;
    loss.total.backward();
    ExpectNear(logprobs.grad(), Read(tensors, key + "grad_logprobs"), 1e-5, key + "grad_logprobs");
    ExpectNear(values.grad(), Read(tensors, key + "grad_vpreds"), 1e-5, key + "grad_vpreds");
  }
  PrintShare("ppo_core losses", golden["losses"].size(), golden["losses"].size());
}

TEST(GoldenPpoCore, MaskedStatistics) {
  const Json golden = ReadJson("ppo_core.json");
  const SafeTensors tensors = ReadTensors("ppo_core.safetensors");
  for (const Json& c : golden["masked"]) {
    const std::string key = c["key"].get<std::string>() + ".";
    const at::Tensor values = Read(tensors, key + "values"), mask = Read(tensors, key + "mask");
    EXPECT_NEAR(MaskedMean(values, mask).item<double>(), c["mean"].get<double>(), 1e-6);
    EXPECT_NEAR(MaskedVariance(values, mask).item<double>(), c["variance"].get<double>(),
                1e-6 * std::max(1.0, c["variance"].get<double>()));
    const at::Tensor whitened = Read(tensors, key + "whitened");
    ExpectNear(MaskedWhiten(values, mask) * mask, whitened * mask, 1e-6, key + "whitened");
  }
  PrintShare("ppo_core masked", golden["masked"].size(), golden["masked"].size());
}

double NumberOr(const Json& object, const char* key, double absent) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? absent : found->get<double>();
}

TEST(GoldenPpoCore, KlControllers) {
  const Json golden = ReadJson("ppo_core.json");
  for (const Json& c : golden["controllers"]) {
    KlController controller({.initial = c["init_kl_coef"],
                             .adaptive = c["kind"] == "adaptive",
                             .target = NumberOr(c, "target", 6.0),
                             .horizon = NumberOr(c, "horizon", 1e4)});
    for (const Json& update : c["updates"]) {
      controller.Update(update[0], update[1]);
      EXPECT_NEAR(controller.coef(), update[2].get<double>(), 1e-9) << update;
    }
  }
  PrintShare("ppo_core controllers", golden["controllers"].size(), golden["controllers"].size());
}

}  // namespace
}  // namespace tact::golden

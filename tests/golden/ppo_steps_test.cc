// Whole PPO steps: the learner replays the recorded rollouts in the recorded mini-batches.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "services/trainer/jobs/spec_defaults.h"
#include "services/trainer/ppo/kl_controller.h"
#include "services/trainer/ppo/learner.h"
#include "tests/golden/reference.h"
#include "tests/golden/tensors.h"

namespace tact::golden {
namespace {

using Json = nlohmann::json;

constexpr double kPpo = 1e-4;

// Settings of PPOConfig as a job's.
v1::JobSpec ReadPpoSpec(const Json& golden, const LoraAdapter* adapter) {
  const Json& config = golden["config"];
  v1::JobSpec spec;
  spec.set_kind(v1::JOB_KIND_PPO);
  spec.mutable_optimizer()->set_learning_rate(config["learning_rate"]);
  const Json& norm = config["max_grad_norm"];
  spec.mutable_optimizer()->set_max_grad_norm(norm.is_null() ? 0.0 : norm.get<double>());
  v1::PpoSettings& ppo = *spec.mutable_ppo();
  ppo.set_objective(v1::PPO_OBJECTIVE_TRL);
  ppo.set_steps(static_cast<uint32_t>(golden["steps"].size()));
  ppo.set_batch_size(config["batch_size"]);
  ppo.set_mini_batch_size(config["mini_batch_size"]);
  ppo.set_ppo_epochs(config["ppo_epochs"]);
  ppo.set_init_kl_coef(config["init_kl_coef"]);
  ppo.set_adaptive_kl(config["adap_kl_ctrl"]);
  ppo.set_target_kl(config["target"]);
  ppo.set_horizon(config["horizon"]);
  ppo.set_gamma(config["gamma"]);
  ppo.set_lambda(config["lam"]);
  ppo.set_cliprange(config["cliprange"]);
  ppo.set_cliprange_value(config["cliprange_value"]);
  ppo.set_vf_coef(config["vf_coef"]);
  ppo.set_value_head_dropout(0);
  ppo.set_use_lora(adapter != nullptr);
  if (adapter != nullptr) {
    spec.mutable_lora()->set_rank(static_cast<uint32_t>(adapter->config().r));
    spec.mutable_lora()->set_alpha(adapter->config().alpha);
    for (const std::string& target : adapter->config().target_modules) {
      spec.mutable_lora()->add_target_modules(target);
    }
  }
  FillDefaults(spec);
  return spec;
}

std::unique_ptr<T5Model> LoadPolicy(const Json& golden) {
  return T5Model::Load(ReferenceFolder() / "models" / golden["model"].get<std::string>()).value();
}

// The recorded names leave out ".default" of an adapter's.
std::string SavedName(std::string name) {
  const size_t at = name.find(".default.weight");
  return at == std::string::npos ? name : name.replace(at, 8, "");
}

// A recorded run, and the learner where it started.
class PpoReplay {
 public:
  explicit PpoReplay(const std::string& name)
      : name_(name),
        golden_(ReadJson("ppo/" + name + ".json")),
        tensors_(ReadTensors("ppo/" + name + ".safetensors")) {
    // The adapter as it was saved, for its settings and its weights.
    const std::unique_ptr<T5Model> base = LoadPolicy(golden_);
    std::unique_ptr<LoraAdapter> adapter;
    if (!golden_["adapter"].is_null()) {
      const std::string folder = golden_["adapter"];
      adapter = LoraAdapter::Load(*base, ReferenceFolder() / "adapters" / folder).value();
    }
    spec_ = ReadPpoSpec(golden_, adapter.get());
    learner_ =
        PpoLearner::Create(LoadPolicy(golden_), adapter ? nullptr : LoadPolicy(golden_), spec_)
            .value();
    if (adapter) {
      EXPECT_TRUE(learner_->adapter()->CopyWeights(adapter->Weights()).ok());
    }
    CopyValueHead();
    SetHooks();
  }

  size_t Run() {
    const v1::PpoSettings& ppo = spec_.ppo();
    KlController controller(
        {ppo.init_kl_coef(), ppo.adaptive_kl(), ppo.target_kl(), ppo.horizon()});
    for (step_ = 0; step_ < golden_["steps"].size(); ++step_) {
      mini_batch_ = 0;
      TakeStep(controller);
      EXPECT_EQ(mini_batch_, Step()["minibatches"].size()) << Where();
      if (IsRecorded()) CheckWeights();
    }
    return golden_["steps"].size();
  }

 private:
  const Json& Step() const { return golden_["steps"][step_]; }
  std::string Prefix() const { return "step_" + std::to_string(step_ + 1) + "."; }
  std::string Where() const { return name_ + " " + Prefix(); }
  bool IsRecorded() const { return tensors_.Find(Prefix() + "masks") != nullptr; }

  void CopyValueHead() {
    ParameterMap head;
    for (const char* part : {"v_head.summary.weight", "v_head.summary.bias"}) {
      head.Add(part, FloatTensor(tensors_, std::string("initial.") + part));
    }
    EXPECT_TRUE(learner_->value_head().CopyWeights(head).ok());
  }

  void SetHooks() {
    learner_->set_hooks(
        {.mini_batches = [this](size_t, uint32_t, uint32_t epoch) { return Recorded(epoch); },
         .on_experience = [this](const Experience& found) { CheckExperience(found); },
         .on_mini_batch = [this](const MiniBatchRecord& found) { CheckMiniBatch(found); }});
  }

  std::vector<Batch> Recorded(uint32_t epoch) const {
    const Json& all = Step()["minibatches"];
    const size_t count = all.size() / spec_.ppo().ppo_epochs();
    std::vector<Batch> out;
    for (size_t i = 0; i < count; ++i) out.push_back(all[epoch * count + i]["indices"]);
    return out;
  }

  // A recorded response begins with what the decoder reads first.
  std::vector<TokenSequence> Rollouts() const {
    std::vector<TokenSequence> out;
    for (size_t i = 0; i < Step()["queries"].size(); ++i) {
      const std::vector<int32_t> ids = Step()["responses"][i];
      TokenSequence& row = out.emplace_back();
      row.prompt = Step()["queries"][i].get<std::vector<int32_t>>();
      row.response.assign(ids.begin() + 1, ids.end());
      row.decoder_start = ids.front();
    }
    return out;
  }

  void TakeStep(KlController& controller) {
    const std::vector<double> scores = Step()["scores"];
    ExpectCoefficient(controller, "kl_coef_before");
    const absl::StatusOr<LearnStats> stats =
        learner_->Learn(Rollouts(), scores, controller.coef(), static_cast<uint32_t>(step_),
                        [] { return absl::OkStatus(); });
    ASSERT_TRUE(stats.ok()) << stats.status();
    ExpectNumbers(NameStats(*stats), Step()["stats"], Where());
    controller.Update(stats->kl, static_cast<double>(scores.size()));
    ExpectCoefficient(controller, "kl_coef_after");
  }

  void ExpectCoefficient(const KlController& controller, const char* name) const {
    EXPECT_NEAR(controller.coef(), Step()[name].get<double>(), 1e-6) << Where() << name;
  }

  // All that was recorded, each under its name.
  void ExpectNumbers(const NamedNumbers& numbers, const Json& expected, const std::string& what) {
    const std::map<std::string, double> found(numbers.begin(), numbers.end());
    for (const auto& [name, number] : expected.items()) {
      const auto it = found.find(name);
      ASSERT_TRUE(it != found.end()) << what << name;
      const double scale = std::max(1.0, std::abs(number.get<double>()));
      EXPECT_NEAR(it->second, number.get<double>(), kPpo * scale) << what << name;
    }
  }

  // 1 for the tokens of a response, [batch, time]; trl computes behind its end as well, where
  // nothing is read.
  at::Tensor TokenMask() const {
    const at::Tensor mask = LongTensor(tensors_, Prefix() + "decoder_attention_mask");
    return mask.slice(1, 1).to(at::kFloat);
  }

  // Recorded over the whole batch's time, `found` perhaps over less.
  void ExpectTokens(const at::Tensor& found, const std::string& name, const at::Tensor& mask) {
    const at::Tensor expected = FloatTensor(tensors_, Prefix() + name) * mask;
    const int64_t time = found.size(1);
    ASSERT_EQ(mask.slice(1, time).sum().item<double>(), 0) << Where() << name;
    ExpectClose(found * mask.slice(1, 0, time), expected.slice(1, 0, time), kPpo, Where() + name);
  }

  void CheckExperience(const Experience& found) {
    if (!IsRecorded()) return;
    const at::Tensor mask = TokenMask();
    ExpectClose(found.old.mask, LongTensor(tensors_, Prefix() + "masks").to(at::kFloat), 0,
                Where() + "masks");
    ExpectTokens(found.old.logprobs, "old_logprobs", mask);
    ExpectTokens(found.reference_logprobs, "ref_logprobs", mask);
    ExpectTokens(found.old.values, "values", mask);
    ExpectTokens(found.old.rewards, "rewards", mask);
    ExpectSmall(found.kl, "kl", mask);
    ExpectSmall(found.penalty, "non_score_rewards", mask);
    const at::Tensor by_row = FloatTensor(tensors_, Prefix() + "stats.objective/kl_dist");
    const at::Tensor difference = (found.kl * found.old.mask).sum(-1) - by_row;
    EXPECT_LE(difference.abs().max().item<double>(), kPpo * LogprobScale()) << Where() << "kl_dist";
  }

  double LogprobScale() const {
    return FloatTensor(tensors_, Prefix() + "old_logprobs").abs().max().item<double>();
  }

  // Differences of logprobs, which may all be rounding: of the logprobs' scale.
  void ExpectSmall(const at::Tensor& found, const std::string& name, const at::Tensor& mask) {
    const at::Tensor expected = FloatTensor(tensors_, Prefix() + name);
    EXPECT_LE(((found - expected) * mask).abs().max().item<double>(), kPpo * LogprobScale())
        << Where() << name;
  }

  void CheckMiniBatch(const MiniBatchRecord& found) {
    const size_t number = mini_batch_++;
    const Json& expected = Step()["minibatches"][number];
    const std::string mini = "mini_" + std::to_string(number) + ".";
    ExpectNumbers(NameStats(found.stats), expected["stats"], Where() + mini);
    if (!IsRecorded()) return;
    const at::Tensor rows = at::tensor(expected["indices"].get<std::vector<int64_t>>());
    const at::Tensor mask = TokenMask().index_select(0, rows);
    ExpectTokens(found.logprobs, mini + "logprobs", mask);
    ExpectTokens(found.values, mini + "vpreds", mask);
    ExpectTokens(found.ratio, mini + "ratio", mask);
    ExpectTokens(found.advantages.raw, mini + "advantages_raw", mask);
    ExpectTokens(found.advantages.whitened, mini + "advantages", mask);
    ExpectTokens(found.advantages.returns, mini + "returns", mask);
  }

  // Every trained weight is recorded, and every recorded one is trained.
  void CheckWeights() {
    const std::string after = Prefix() + "after.";
    std::set<std::string> found;
    for (const NamedTensor& weight : learner_->optimizer().parameters()) {
      const bool head = weight.name.starts_with("v_head.");
      const std::string name = (head ? "" : "pretrained_model.") + SavedName(weight.name);
      ExpectClose(weight.tensor, FloatTensor(tensors_, after + name), kPpo, Where() + name);
      found.insert(after + name);
    }
    for (const std::string& name : tensors_.names()) {
      EXPECT_TRUE(!name.starts_with(after) || found.contains(name)) << name;
    }
  }

  const std::string name_;
  const Json golden_;
  const SafeTensors tensors_;
  v1::JobSpec spec_;
  std::unique_ptr<PpoLearner> learner_;
  size_t step_ = 0;
  size_t mini_batch_ = 0;
};

std::vector<std::string> PpoRuns() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(ReferenceFolder() / "ppo")) {
    if (entry.path().extension() == ".json") out.push_back(entry.path().stem());
  }
  std::ranges::sort(out);
  return out;
}

TEST(GoldenPpoSteps, EveryTensorStatisticAndWeight) {
  size_t used = 0;
  for (const std::string& name : PpoRuns()) used += PpoReplay(name).Run();
  PrintShare("ppo", used, ReadJson("meta.json")["cases"]["ppo"].get<size_t>());
}

}  // namespace
}  // namespace tact::golden

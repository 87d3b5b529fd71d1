// Exact resume with real processes: a trainer that is killed with kill -9 at 20 random moments ends
// with the bytes of one that ran through; damaged checkpoints are passed over, and named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "common/base/sha256.h"
#include "tests/fault/fleet.h"

namespace tact::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

constexpr int kKills = 20;
constexpr int kLateKills = 3;  // while the result is saved and published
constexpr uint32_t kSteps = 24;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void Sleep(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(std::max(0.0, seconds)));
}

// TACT_TEST_SEED repeats a run's moments.
uint64_t Seed() {
  const char* seed = std::getenv("TACT_TEST_SEED");
  return seed != nullptr ? std::stoull(seed) : std::random_device()();
}

// The models of this repository with dropout, which they lack.
void CopyModelsWithDropout(const fs::path& folder) {
  const std::map<std::string, std::vector<const char*>> rates = {
      {"policy", {"dropout_rate"}},
      {"reward", {"attention_probs_dropout_prob", "hidden_dropout_prob", "classifier_dropout"}}};
  for (const auto& [model, keys] : rates) {
    fs::create_directories(folder / model);
    fs::copy(SourceDir() / "models" / model, folder / model, fs::copy_options::recursive);
    auto config = nlohmann::json::parse(ReadAll(folder / model / "config.json"));
    for (const char* key : keys) config[key] = 0.1;
    std::ofstream(folder / model / "config.json") << config.dump(2);
  }
}

struct Recipe {
  const char* name;
  v1::JobKind kind;
  uint32_t max_staleness = 0;
};

v1::JobSpec SpecOf(const Recipe& recipe, Fleet& fleet) {
  const bool reward = recipe.kind == v1::JOB_KIND_REWARD;
  const std::string dataset =
      reward ? fleet.Upload("toxicity_train.jsonl", v1::DATASET_KIND_LABELLED, 60)
             : fleet.UploadDialogues(60);
  v1::JobSpec spec = Fleet::PpoSpec(dataset, kSteps);
  spec.set_kind(recipe.kind);
  spec.set_seed(11);
  if (recipe.kind == v1::JOB_KIND_PPO) {
    spec.mutable_ppo()->set_max_staleness(recipe.max_staleness);
    spec.mutable_optimizer()->set_learning_rate(1e-3);
    return spec;
  }
  spec.clear_ppo();
  spec.mutable_supervised()->set_max_steps(kSteps);
  spec.mutable_supervised()->set_batch_size(3);
  spec.mutable_supervised()->set_gradient_accumulation_steps(2);
  if (reward) {
    spec.set_base_model("reward");
    spec.clear_publish_as();
  }
  return spec;
}

class JobRun {
 public:
  JobRun(const Recipe& recipe, const fs::path& models)
      : fleet_({.policies = recipe.kind == v1::JOB_KIND_REWARD ? 0 : 1,
                .rewards = recipe.kind == v1::JOB_KIND_PPO ? 1 : 0,
                .models_root = models}) {
    if (!fleet_.Start()) return;
    job_ = fleet_.Create(SpecOf(recipe, fleet_)).id();
  }

  bool started() const { return !job_.empty(); }
  Fleet& fleet() { return fleet_; }
  v1::Job Job() { return fleet_.Get(job_); }
  bool EndsAs(v1::JobState state) { return fleet_.WaitForState(job_, state, 120); }
  fs::path result() const { return fleet_.data_dir() / "results" / job_; }
  fs::path checkpoint(uint32_t step) const {
    std::string digits = std::to_string(step);
    return fleet_.data_dir() / "checkpoints" / job_ /
           ("step-" + std::string(8 - digits.size(), '0') + digits);
  }
  uint32_t NewestCheckpoint() const {
    uint32_t newest = 0;
    for (uint32_t step = 1; step <= kSteps; ++step) {
      if (fs::exists(checkpoint(step))) newest = step;
    }
    return newest;
  }

  // Starts the trainer for `seconds`, from the start of its process.
  void LiveFor(double seconds) {
    const auto begin = Clock::now();
    if (fleet_.trainer().Start(seconds)) Sleep(seconds - SecondsSince(begin));
    fleet_.trainer().Kill();
  }
  // Until there is a checkpoint of this step, then `seconds` more.
  void LiveUntil(uint32_t step, double seconds) {
    fleet_.trainer().Start();
    ASSERT_TRUE(WaitFor([&] { return NewestCheckpoint() >= step; }, 60)) << fleet_.Logs();
    Sleep(seconds);
    fleet_.trainer().Kill();
  }

  // File -> SHA-256, for every file of the result and what the last checkpoint trains.
  std::map<std::string, std::string> Digests() const {
    std::map<std::string, std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(result())) {
      if (entry.is_regular_file()) {
        out[fs::relative(entry.path(), result())] = Sha256Hex(ReadAll(entry.path()));
      }
    }
    out["checkpoint"] = Sha256Hex(ReadAll(checkpoint(kSteps) / "tensors.safetensors"));
    auto state = nlohmann::json::parse(ReadAll(checkpoint(kSteps) / "state.json"));
    state.erase("weight_version");  // each start pushes once more
    out["state"] = state.dump();
    return out;
  }

 private:
  Fleet fleet_;
  std::string job_;
};

class ResumeTest : public ::testing::Test {
 protected:
  ResumeTest() { CopyModelsWithDropout(models_.path()); }
  TempFolder models_;
};

class ExactResumeTest : public ResumeTest, public ::testing::WithParamInterface<Recipe> {
 protected:
  // Each fourth moment lies in the start of the process, the others behind a checkpoint that is
  // later each time, and the last ones in what follows the last step.
  void KillTwentyTimes(JobRun& run, double step_seconds, double start_seconds) {
    const uint64_t seed = Seed();
    std::cout << GetParam().name << ": TACT_TEST_SEED=" << seed << std::endl;
    std::mt19937_64 random(seed);
    const auto draw = [&](double most) {
      return std::uniform_real_distribution<double>(0, most)(random);
    };
    run.fleet().trainer().Kill();
    for (int kill = 1; kill < kKills && !HasFatalFailure(); ++kill) {
      const bool late = kill >= kKills - kLateKills;
      if (kill % 4 == 0) {
        run.LiveFor(draw(1.5 * start_seconds));
      } else {
        const uint32_t target = late ? kSteps : kSteps * kill / kKills;
        run.LiveUntil(target, draw(late ? 0.1 : 2 * step_seconds));
      }
    }
  }
};

TEST_P(ExactResumeTest, TwentyKillsEndWithTheBytesOfARunThatWasLeftAlone) {
  JobRun whole(GetParam(), models_.path());
  ASSERT_TRUE(whole.started()) << whole.fleet().Logs();
  const auto begin = Clock::now();
  ASSERT_TRUE(whole.EndsAs(v1::JOB_STATE_SUCCEEDED)) << whole.Job().DebugString();
  const double step_seconds = SecondsSince(begin) / kSteps;

  const auto start = Clock::now();
  JobRun killed(GetParam(), models_.path());
  ASSERT_TRUE(killed.started()) << killed.fleet().Logs();
  KillTwentyTimes(killed, step_seconds, SecondsSince(start) / 2);
  ASSERT_TRUE(killed.fleet().trainer().Start()) << killed.fleet().Logs();
  ASSERT_TRUE(killed.EndsAs(v1::JOB_STATE_SUCCEEDED)) << killed.Job().DebugString();
  EXPECT_EQ(killed.Digests(), whole.Digests());
  EXPECT_GT(whole.Digests().size(), 3u);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ExactResumeTest,
                         ::testing::Values(Recipe{"full", v1::JOB_KIND_FULL},
                                           Recipe{"lora", v1::JOB_KIND_LORA},
                                           Recipe{"reward", v1::JOB_KIND_REWARD},
                                           Recipe{"ppo", v1::JOB_KIND_PPO},
                                           Recipe{"ppo_ahead", v1::JOB_KIND_PPO, 1}),
                         [](const auto& info) { return std::string(info.param.name); });

// A trainer that was killed after some steps; its two checkpoints may then be damaged.
class DamageTest : public ResumeTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(run_.started()) << run_.fleet().Logs();
    ASSERT_TRUE(WaitFor([&] { return run_.NewestCheckpoint() >= 4; }, 60)) << run_.fleet().Logs();
    run_.fleet().trainer().Kill();
    newest_ = run_.NewestCheckpoint();
  }
  fs::path Tensors(uint32_t step) const { return run_.checkpoint(step) / "tensors.safetensors"; }
  void Truncate(uint32_t step) { fs::resize_file(Tensors(step), fs::file_size(Tensors(step)) / 2); }
  void FlipBit(uint32_t step) {
    std::fstream file(Tensors(step), std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(fs::file_size(Tensors(step)) / 2);
    file.seekg(middle);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(middle);
    file.put(byte);
  }
  // Whether any event of the job has said so.
  bool HasSaid(const std::string& id, const std::string& text) {
    const auto events = run_.fleet().Events(id);
    return std::any_of(events.begin(), events.end(), [&](const v1::WatchJobResponse& event) {
      return event.job().message().find(text) != std::string::npos;
    });
  }
  void ExpectTheOneBefore() {
    ASSERT_TRUE(run_.fleet().trainer().Start()) << run_.fleet().Logs();
    ASSERT_TRUE(run_.EndsAs(v1::JOB_STATE_SUCCEEDED)) << run_.Job().DebugString();
    const std::string id = run_.Job().id();
    EXPECT_TRUE(HasSaid(id, "checkpoint of step " + std::to_string(newest_ - 1)));
    EXPECT_TRUE(HasSaid(id, Tensors(newest_).string())) << "the damaged file is named";
  }

  JobRun run_{Recipe{"lora", v1::JOB_KIND_LORA}, models_.path()};
  uint32_t newest_ = 0;
};

TEST_F(DamageTest, ATruncatedCheckpointFallsBackToTheOneBefore) {
  Truncate(newest_);
  ExpectTheOneBefore();
}

TEST_F(DamageTest, AFlippedBitFallsBackToTheOneBefore) {
  FlipBit(newest_);
  ExpectTheOneBefore();
}

TEST_F(DamageTest, WithoutAGoodCheckpointTheJobFailsAndNamesTheFiles) {
  Truncate(newest_);
  FlipBit(newest_ - 1);
  ASSERT_TRUE(run_.fleet().trainer().Start()) << run_.fleet().Logs();
  ASSERT_TRUE(run_.EndsAs(v1::JOB_STATE_FAILED)) << run_.Job().DebugString();
  EXPECT_THAT(run_.Job().message(), HasSubstr(Tensors(newest_).string()));
  EXPECT_THAT(run_.Job().message(), HasSubstr(Tensors(newest_ - 1).string()));
  EXPECT_THAT(run_.Job().message(), HasSubstr("no checkpoint can be read"));
}

}  // namespace
}  // namespace tact::testing

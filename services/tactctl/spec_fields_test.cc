// Settings by name, from files and in sweeps.
#include "services/tactctl/spec_fields.h"

#include <gmock/gmock.h>

#include <fstream>

#include "services/tactctl/plan_text.h"
#include "services/tactctl/spec_file.h"
#include "services/tactctl/sweep.h"
#include "services/tactctl/testing/subprocess.h"

namespace tact::ctl {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(SpecFields, SetsEveryTypeByPath) {
  v1::JobSpec spec;
  const std::pair<const char*, const char*> sets[] = {
      {"optimizer.learning_rate", "1e-4"},
      {"optimizer.schedule", "cosine"},
      {"kind", "JOB_KIND_PPO"},
      {"seed", "18446744073709551615"},
      {"ppo.sampling.temperature", "0.5"},
      {"ppo.use_lora", "false"},
      {"lora.target_modules", "q,k+o"},
      {"base_model", "policy"},
      {"ppo.guards.min_length_ratio", "0"},
      {"selection.metric", "Validation_Reward"},
  };
  for (const auto& [path, value] : sets) {
    const absl::Status status = SetField(spec, path, value);
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_DOUBLE_EQ(spec.optimizer().learning_rate(), 1e-4);
  EXPECT_EQ(spec.optimizer().schedule(), v1::SCHEDULE_COSINE);
  EXPECT_EQ(spec.kind(), v1::JOB_KIND_PPO);
  EXPECT_EQ(spec.seed(), ~uint64_t{0});
  EXPECT_FLOAT_EQ(spec.ppo().sampling().temperature(), 0.5f);
  EXPECT_TRUE(spec.ppo().has_use_lora() && !spec.ppo().use_lora());
  EXPECT_THAT(spec.lora().target_modules(), ElementsAre("q", "k", "o"));
  EXPECT_TRUE(spec.ppo().guards().has_min_length_ratio());
  EXPECT_EQ(spec.selection().metric(), v1::SELECTION_METRIC_VALIDATION_REWARD);
  EXPECT_THAT(SetFields(spec), ::testing::Contains(Pair("lora.target_modules", "q,k,o")));
  EXPECT_THAT(SetFields(spec), ::testing::Contains(Pair("optimizer.schedule", "cosine")));
}

// What is printed can be set again.
TEST(SpecFields, SetFieldsReadsWhatItWrites) {
  v1::JobSpec spec, again;
  spec.set_kind(v1::JOB_KIND_LORA);
  spec.mutable_lora()->add_target_modules("q");
  spec.mutable_optimizer()->set_learning_rate(0.003);
  spec.set_deterministic(false);
  for (const auto& [path, value] : SetFields(spec)) ASSERT_TRUE(SetField(again, path, value).ok());
  EXPECT_EQ(again.SerializeAsString(), spec.SerializeAsString());
}

TEST(SpecFields, ErrorsListWhatThereIsAndNameTypes) {
  const struct {
    const char* path;
    const char* value;
    std::vector<const char*> parts;
  } cases[] = {
      {"optimizer.lr", "1", {"optimizer.lr: no such field", "learning_rate, beta1"}},
      {"colour", "1", {"no such field", "base_model, base_job"}},
      {"optimizer", "1", {"a group of fields", "learning_rate"}},
      {"seed.x", "1", {"seed has no fields of its own"}},
      {"seed", "-1", {"not a whole number from 0 on, found -1"}},
      {"optimizer.learning_rate", "fast", {"not a number", "found fast"}},
      {"optimizer.schedule", "steps", {"not one of constant, linear, cosine", "found steps"}},
      {"truncate", "maybe", {"not true or false"}},
  };
  for (const auto& c : cases) {
    v1::JobSpec spec;
    const absl::Status status = SetField(spec, c.path, c.value);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << c.path;
    for (const char* part : c.parts) EXPECT_THAT(Message(status), HasSubstr(part));
  }
  EXPECT_FALSE(SplitAssignment("seed").ok());
  EXPECT_THAT(*SplitAssignment("name=a=b"), Pair("name", "a=b"));
}

TEST(SpecFile, UnknownFieldsAreErrorsThatNameThem) {
  tact::testing::TempFolder folder;
  const std::string path = (folder.path() / "job.json").string();
  const auto read = [&](const char* text) {
    std::ofstream(path) << text;
    return ReadSpecFile(path);
  };
  const auto good = read(R"({"kind": "JOB_KIND_LORA", "optimizer": {"learning_rate": 0.01}})");
  ASSERT_TRUE(good.ok()) << good.status();
  EXPECT_DOUBLE_EQ(good->optimizer().learning_rate(), 0.01);
  EXPECT_THAT(Message(read(R"({"optimizer": {"learn_rate": 1}})").status()),
              AllOf(HasSubstr("job.json"), HasSubstr("learn_rate")));
  EXPECT_THAT(Message(read(R"({"seed": "x"})").status()), HasSubstr("seed"));
  EXPECT_FALSE(read("{").ok());
}

TEST(Sweep, MakesTheProductWithNames) {
  v1::JobSpec spec;
  spec.set_name("sft");
  const auto specs = ExpandSweeps(spec, {"optimizer.learning_rate=1e-4,0.001", "lora.rank=8,16"});
  ASSERT_TRUE(specs.ok()) << specs.status();
  ASSERT_EQ(specs->size(), 4u);
  EXPECT_EQ((*specs)[1].spec.name(), "sft-learning_rate-1e-4-rank-16");
  EXPECT_THAT((*specs)[1].values, ElementsAre("1e-4", "16"));
  EXPECT_DOUBLE_EQ((*specs)[2].spec.optimizer().learning_rate(), 0.001);
  EXPECT_EQ((*specs)[2].spec.lora().rank(), 8u);
  EXPECT_EQ(ExpandSweeps(spec, {})->size(), 1u);
  EXPECT_EQ(ExpandSweeps(spec, {})->front().spec.name(), "sft");
  EXPECT_FALSE(ExpandSweeps(spec, {"lora.rank=8,x"}).ok());
}

TEST(PlanText, CountsAreWordedAsInTheNotebook) {
  EXPECT_EQ(ParameterLines(3538944, 251116800),
            "trainable model parameters: 3538944\nall model parameters: 251116800\n"
            "percentage of trainable model parameters: 1.41%");
  EXPECT_EQ(ParameterLines(0, 0).substr(0, 30), "trainable model parameters: 0\n");
}

}  // namespace
}  // namespace tact::ctl

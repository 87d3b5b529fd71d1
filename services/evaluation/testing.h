// What several tests of this folder build: evaluations, temporary folders.
#ifndef TACT_SERVICES_EVALUATION_TESTING_H_
#define TACT_SERVICES_EVALUATION_TESTING_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "tact/v1/evaluation.pb.h"

namespace tact {

// A folder of this test alone, removed at its end.
class TestFolder {
 public:
  TestFolder() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    path_ =
        std::filesystem::path(testing::TempDir()) /
        ("tact_" + std::to_string(getpid()) + "_" + info->test_suite_name() + "_" + info->name());
    std::filesystem::remove_all(path_);
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline v1::Evaluation MakeEvaluation(const std::string& id, v1::EvaluationState state,
                                     double created_at) {
  v1::Evaluation evaluation;
  evaluation.set_id(id);
  evaluation.set_state(state);
  evaluation.set_created_at(created_at);
  v1::DialogueExample& example = *evaluation.mutable_spec()->add_examples();
  example.set_id("d1");
  example.set_dialogue("Mira: Hello.\nTom: Hi.");
  evaluation.set_total(1);
  return evaluation;
}

// A finished evaluation; the reward of result i is `reward` + i.
inline v1::Evaluation FinishedEvaluation(const std::string& id, int results, double reward) {
  v1::Evaluation evaluation = MakeEvaluation(id, v1::EVALUATION_STATE_SUCCEEDED, 1000);
  for (int i = 0; i < results; ++i) {
    v1::EvaluatedExample& result = *evaluation.add_results();
    result.set_id("d" + std::to_string(i));
    result.set_dialogue("Mira: number " + std::to_string(i));
    result.set_response("They talk.");
    result.set_reward(reward + i);
    result.set_toxicity(0.25);
  }
  return evaluation;
}

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_TESTING_H_

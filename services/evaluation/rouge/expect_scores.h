// For tests: ROUGE scores against what the reference recorded.
#ifndef TACT_SERVICES_EVALUATION_ROUGE_EXPECT_SCORES_H_
#define TACT_SERVICES_EVALUATION_ROUGE_EXPECT_SCORES_H_

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "services/evaluation/rouge/rouge.h"

namespace tact::rouge {

// `expected`: [precision, recall, fmeasure].
inline void ExpectScore(const Score& score, const nlohmann::json& expected, double tolerance,
                        const std::string& what) {
  EXPECT_NEAR(score.precision, expected[0].get<double>(), tolerance) << what;
  EXPECT_NEAR(score.recall, expected[1].get<double>(), tolerance) << what;
  EXPECT_NEAR(score.f, expected[2].get<double>(), tolerance) << what;
}

// `expected`: of rouge1, rouge2, rougeL, rougeLsum.
inline void ExpectScores(const Scores& scores, const nlohmann::json& expected, double tolerance,
                         const std::string& what) {
  ExpectScore(scores.rouge1, expected[0], tolerance, what + " rouge1");
  ExpectScore(scores.rouge2, expected[1], tolerance, what + " rouge2");
  ExpectScore(scores.rouge_l, expected[2], tolerance, what + " rougeL");
  ExpectScore(scores.rouge_lsum, expected[3], tolerance, what + " rougeLsum");
}

}  // namespace tact::rouge

#endif  // TACT_SERVICES_EVALUATION_ROUGE_EXPECT_SCORES_H_

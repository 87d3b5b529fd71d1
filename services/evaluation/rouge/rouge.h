// ROUGE (Lin 2004) as rouge_score 0.1.2 computes it: rouge1, rouge2, rougeL, and rougeLsum with
// sentences split at newlines.
#ifndef TACT_SERVICES_EVALUATION_ROUGE_ROUGE_H_
#define TACT_SERVICES_EVALUATION_ROUGE_ROUGE_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/evaluation/rouge/rouge_tokenizer.h"

namespace tact::rouge {

// Each 0 to 1. precision = hits / n, recall = hits / m, f = 2 p r / (p + r); m words in the
// reference, n in the prediction.
struct Score {
  double precision = 0;
  double recall = 0;
  double f = 0;
};

struct Scores {
  Score rouge1, rouge2, rouge_l, rouge_lsum;
};

// A table of the longest common subsequence has reference words times prediction words cells.
inline constexpr size_t kMaxCells = 16'000'000;

// INVALID_ARGUMENT if the two are too long to compare (kMaxCells), with what was found.
absl::StatusOr<Scores> Compare(std::string_view reference, std::string_view prediction,
                               bool use_stemmer = true);

// Each measure against the reference that gives it the highest f; the first of equals. No
// references give zeros.
absl::StatusOr<Scores> CompareWithBest(std::span<const std::string_view> references,
                                       std::string_view prediction, bool use_stemmer = true);

// The parts, on tokens.
Score NgramScore(const Tokens& reference, const Tokens& prediction, size_t n);
Score LcsScore(const Tokens& reference, const Tokens& prediction);
Score SummaryLcsScore(std::span<const Tokens> reference, std::span<const Tokens> prediction);

}  // namespace tact::rouge

#endif  // TACT_SERVICES_EVALUATION_ROUGE_ROUGE_H_

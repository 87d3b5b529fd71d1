#include "services/evaluation/rouge/rouge.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact::rouge {
namespace {

using Counts = std::unordered_map<std::string, int64_t>;

Score MakeScore(double hits, double reference_size, double prediction_size) {
  Score score;
  score.precision = hits / std::max(prediction_size, 1.0);
  score.recall = hits / std::max(reference_size, 1.0);
  const double sum = score.precision + score.recall;
  if (sum > 0) score.f = 2 * score.precision * score.recall / sum;
  return score;
}

Counts CountNgrams(const Tokens& tokens, size_t n) {
  Counts counts;
  for (size_t i = 0; i + n <= tokens.size(); ++i) {
    std::string key;  // tokens hold no spaces
    for (size_t j = 0; j < n; ++j) StrAppend(&key, tokens[i + j], " ");
    ++counts[key];
  }
  return counts;
}

double NgramCount(const Tokens& tokens, size_t n) {
  return tokens.size() < n ? 0.0 : static_cast<double>(tokens.size() - n + 1);
}

// lengths[i][j]: the longest common subsequence of the first i and the first j tokens.
class LcsTable {
 public:
  LcsTable(const Tokens& a, const Tokens& b)
      : columns_(b.size() + 1), cells_((a.size() + 1) * columns_) {
    for (size_t i = 1; i <= a.size(); ++i) {
      for (size_t j = 1; j <= b.size(); ++j) {
        cells_[i * columns_ + j] =
            a[i - 1] == b[j - 1] ? at(i - 1, j - 1) + 1 : std::max(at(i - 1, j), at(i, j - 1));
      }
    }
  }
  uint32_t at(size_t i, size_t j) const { return cells_[i * columns_ + j]; }

 private:
  size_t columns_;
  std::vector<uint32_t> cells_;
};

// Marks the words of `reference` that one longest common subsequence with `prediction` uses.
void MarkLcs(const Tokens& reference, const Tokens& prediction, std::vector<bool>& marked) {
  const LcsTable table(reference, prediction);
  size_t i = reference.size(), j = prediction.size();
  while (i > 0 && j > 0) {
    if (reference[i - 1] == prediction[j - 1]) {
      marked[i - 1] = true;
      --i, --j;
    } else if (table.at(i, j - 1) > table.at(i - 1, j)) {
      --j;
    } else {
      --i;
    }
  }
}

Counts CountWords(std::span<const Tokens> sentences) {
  Counts counts;
  for (const Tokens& sentence : sentences) {
    for (const std::string& word : sentence) ++counts[word];
  }
  return counts;
}

size_t TotalWords(std::span<const Tokens> sentences) {
  size_t total = 0;
  for (const Tokens& sentence : sentences) total += sentence.size();
  return total;
}

std::vector<Tokens> TokenizeSentences(std::string_view text, bool use_stemmer) {
  std::vector<Tokens> sentences;
  for (absl::string_view line : absl::StrSplit(ToAbsl(text), '\n', absl::SkipEmpty())) {
    sentences.push_back(Tokenize(ToStd(line), use_stemmer));
  }
  return sentences;
}

absl::Status CheckSize(const Tokens& reference, const Tokens& prediction) {
  if (reference.size() * prediction.size() <= kMaxCells) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("too long to compare: ", reference.size(),
                                           " words in the reference times ", prediction.size(),
                                           " in the prediction, at most ", kMaxCells,
                                           " together; shorten the texts"));
}

void TakeBetter(const Score& candidate, Score& best) {
  if (candidate.f > best.f) best = candidate;
}

}  // namespace

Score NgramScore(const Tokens& reference, const Tokens& prediction, size_t n) {
  const Counts ours = CountNgrams(reference, n), theirs = CountNgrams(prediction, n);
  int64_t hits = 0;
  for (const auto& [ngram, count] : ours) {
    const auto found = theirs.find(ngram);
    if (found != theirs.end()) hits += std::min(count, found->second);
  }
  return MakeScore(static_cast<double>(hits), NgramCount(reference, n), NgramCount(prediction, n));
}

Score LcsScore(const Tokens& reference, const Tokens& prediction) {
  if (reference.empty() || prediction.empty()) return {};
  // Only the length is wanted: two rows of the table do.
  std::vector<uint32_t> above(prediction.size() + 1), row(prediction.size() + 1);
  for (const std::string& word : reference) {
    for (size_t j = 1; j <= prediction.size(); ++j) {
      row[j] = word == prediction[j - 1] ? above[j - 1] + 1 : std::max(above[j], row[j - 1]);
    }
    std::swap(above, row);
  }
  return MakeScore(above.back(), static_cast<double>(reference.size()),
                   static_cast<double>(prediction.size()));
}

Score SummaryLcsScore(std::span<const Tokens> reference, std::span<const Tokens> prediction) {
  const size_t m = TotalWords(reference), n = TotalWords(prediction);
  if (m == 0 || n == 0) return {};
  // A word counts as often as it is there on both sides, as in ROUGE 1.5.5.
  Counts ours = CountWords(reference), theirs = CountWords(prediction);
  double hits = 0;
  for (const Tokens& sentence : reference) {
    std::vector<bool> in_union(sentence.size());
    for (const Tokens& other : prediction) MarkLcs(sentence, other, in_union);
    for (size_t i = 0; i < sentence.size(); ++i) {
      if (!in_union[i] || ours[sentence[i]] <= 0 || theirs[sentence[i]] <= 0) continue;
      ++hits;
      --ours[sentence[i]];
      --theirs[sentence[i]];
    }
  }
  return MakeScore(hits, static_cast<double>(m), static_cast<double>(n));
}

absl::StatusOr<Scores> Compare(std::string_view reference, std::string_view prediction,
                               bool use_stemmer) {
  const Tokens ours = Tokenize(reference, use_stemmer);
  const Tokens theirs = Tokenize(prediction, use_stemmer);
  RETURN_IF_ERROR(CheckSize(ours, theirs));
  Scores scores;
  scores.rouge1 = NgramScore(ours, theirs, 1);
  scores.rouge2 = NgramScore(ours, theirs, 2);
  scores.rouge_l = LcsScore(ours, theirs);
  scores.rouge_lsum = SummaryLcsScore(TokenizeSentences(reference, use_stemmer),
                                      TokenizeSentences(prediction, use_stemmer));
  return scores;
}

absl::StatusOr<Scores> CompareWithBest(std::span<const std::string_view> references,
                                       std::string_view prediction, bool use_stemmer) {
  Scores best;
  for (size_t i = 0; i < references.size(); ++i) {
    ASSIGN_OR_RETURN(const Scores scores, Compare(references[i], prediction, use_stemmer));
    if (i == 0) best = scores;
    TakeBetter(scores.rouge1, best.rouge1);
    TakeBetter(scores.rouge2, best.rouge2);
    TakeBetter(scores.rouge_l, best.rouge_l);
    TakeBetter(scores.rouge_lsum, best.rouge_lsum);
  }
  return best;
}

}  // namespace tact::rouge

// Diversity of generated texts: words, and distinct-n (Li et al. 2016, "A Diversity-Promoting
// Objective Function for Neural Conversation Models").
#ifndef TACT_SERVICES_EVALUATION_STATISTICS_DISTINCT_H_
#define TACT_SERVICES_EVALUATION_STATISTICS_DISTINCT_H_

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace tact::statistics {

// Pieces between ASCII white space, as they stand: upper case and punctuation count.
std::vector<std::string_view> SplitWords(std::string_view text);

// distinct n-grams of words in all texts / all n-grams, 0 to 1; 0 where no text has n words.
// n-grams do not cross from one text into the next. n >= 1.
double DistinctN(std::span<const std::string_view> texts, size_t n);

}  // namespace tact::statistics

#endif  // TACT_SERVICES_EVALUATION_STATISTICS_DISTINCT_H_

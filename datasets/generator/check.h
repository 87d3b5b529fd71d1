// Checks predicted summaries against the roles of the test data: who did what, exactly.
#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tact::datasets {

struct ExpectedRoles {
  std::string asker;
  std::string helper;
  std::string rude;                // empty if nobody is rude
  std::vector<std::string> facts;  // every right phrasing of the factual sentences
};

enum class RoleVerdict {
  kRight,    // a right phrasing, and any sentence on the tone is about the rude speaker
  kSwapped,  // a right phrasing after exchanging the two names
  kWrong     // anything else
};

RoleVerdict CheckRoles(std::string_view response, const ExpectedRoles& roles);

// Both names stand in the response as whole words.
bool NamesRight(std::string_view response, const ExpectedRoles& roles);

struct CheckCounts {
  size_t total = 0;
  size_t roles_right = 0;
  size_t roles_swapped = 0;
  size_t names_right = 0;
  size_t missing = 0;  // references without a prediction; they count as wrong
};

struct CheckSummary {
  CheckCounts seen;    // first names of the training data
  CheckCounts unseen;  // others
};

// Throws std::runtime_error that names the line if one cannot be read.
CheckSummary CheckPredictions(std::istream& predictions, std::istream& references);

nlohmann::ordered_json ToJson(const CheckSummary& summary);  // counts and percentages

}  // namespace tact::datasets

#include "datasets/generator/check.h"

#include <cctype>
#include <functional>
#include <istream>
#include <map>
#include <stdexcept>

namespace tact::datasets {
namespace {

using Json = nlohmann::ordered_json;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

bool IsLetter(std::string_view text, size_t i) {
  return i < text.size() && std::isalpha(static_cast<unsigned char>(text[i]));
}

bool HasWord(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    if ((at == 0 || !IsLetter(text, at - 1)) && !IsLetter(text, at + word.size())) return true;
  }
  return false;
}

bool StartsWithWord(std::string_view text, std::string_view word) {
  return text.starts_with(word) && !IsLetter(text, word.size());
}

// Exchanges two whole words.
std::string Swap(std::string_view text, std::string_view a, std::string_view b) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const bool at_start = i == 0 || !IsLetter(text, i - 1);
    const bool is_a = at_start && StartsWithWord(text.substr(i), a);
    const bool is_b = at_start && StartsWithWord(text.substr(i), b);
    if (is_a || is_b) {
      out += is_a ? b : a;
      i += is_a ? a.size() : b.size();
    } else {
      out += text[i++];
    }
  }
  return out;
}

// What follows the factual sentences may only be a sentence on the tone of the rude speaker.
bool RestRight(std::string_view rest, const ExpectedRoles& roles) {
  rest = Trim(rest);
  return rest.empty() || (!roles.rude.empty() && StartsWithWord(rest, roles.rude));
}

bool FactsRight(std::string_view response, const ExpectedRoles& roles) {
  for (const std::string& facts : roles.facts) {
    if (response.starts_with(facts) && RestRight(response.substr(facts.size()), roles)) return true;
  }
  return false;
}

void ForEachLine(std::istream& in, const char* what, const std::function<void(const Json&)>& use) {
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (Trim(line).empty()) continue;
    try {
      use(Json::parse(line));
    } catch (const Json::exception& error) {
      throw std::runtime_error(std::string(what) + ", line " + std::to_string(number) + ": " +
                               error.what());
    }
  }
}

ExpectedRoles ParseRoles(const Json& roles) {
  return {roles.at("asker"), roles.at("helper"), roles.value("rude", ""), roles.at("facts")};
}

void Count(const std::string* response, const ExpectedRoles& roles, CheckCounts& counts) {
  ++counts.total;
  if (response == nullptr) {
    ++counts.missing;
    return;
  }
  const RoleVerdict verdict = CheckRoles(*response, roles);
  counts.roles_right += verdict == RoleVerdict::kRight;
  counts.roles_swapped += verdict == RoleVerdict::kSwapped;
  counts.names_right += NamesRight(*response, roles);
}

Json CountsToJson(const CheckCounts& counts) {
  const double scale = counts.total == 0 ? 0 : 100.0 / static_cast<double>(counts.total);
  return {{"total", counts.total},
          {"missing", counts.missing},
          {"roles_right_percent", scale * static_cast<double>(counts.roles_right)},
          {"roles_swapped_percent", scale * static_cast<double>(counts.roles_swapped)},
          {"names_right_percent", scale * static_cast<double>(counts.names_right)}};
}

}  // namespace

RoleVerdict CheckRoles(std::string_view response, const ExpectedRoles& roles) {
  response = Trim(response);
  if (FactsRight(response, roles)) return RoleVerdict::kRight;
  ExpectedRoles swapped = roles;
  for (std::string& facts : swapped.facts) facts = Swap(facts, roles.asker, roles.helper);
  for (const std::string& facts : swapped.facts) {
    if (response.starts_with(facts)) return RoleVerdict::kSwapped;
  }
  return RoleVerdict::kWrong;
}

bool NamesRight(std::string_view response, const ExpectedRoles& roles) {
  return HasWord(response, roles.asker) && HasWord(response, roles.helper);
}

CheckSummary CheckPredictions(std::istream& predictions, std::istream& references) {
  std::map<std::string, std::string> responses;
  ForEachLine(predictions, "predictions", [&](const Json& line) {
    // tactctl generate calls it id.
    responses[line.at(line.contains("fname") ? "fname" : "id")] = line.at("response");
  });
  CheckSummary summary;
  ForEachLine(references, "references", [&](const Json& line) {
    const auto found = responses.find(line.at("fname"));
    const bool unseen = line.value("names", "seen") == "unseen";
    Count(found == responses.end() ? nullptr : &found->second, ParseRoles(line.at("roles")),
          unseen ? summary.unseen : summary.seen);
  });
  return summary;
}

Json ToJson(const CheckSummary& summary) {
  return {{"seen", CountsToJson(summary.seen)}, {"unseen", CountsToJson(summary.unseen)}};
}

}  // namespace tact::datasets

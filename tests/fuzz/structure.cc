#include "tests/fuzz/structure.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

namespace tact::fuzz {
namespace {

using Json = nlohmann::ordered_json;

// Stands for a value that JSON's writer would not write.
constexpr char kPlaceholder[] = "@extreme@";
constexpr size_t kMaxDepth = 200'000;

constexpr std::array<const char*, 34> kExtremes = {"0",
                                                   "-0",
                                                   "-1",
                                                   "0.5",
                                                   "1e308",
                                                   "-1e308",
                                                   "1e400",
                                                   "1e-400",
                                                   "5e-324",
                                                   "NaN",
                                                   "Infinity",
                                                   "2147483647",
                                                   "2147483648",
                                                   "-2147483649",
                                                   "4294967295",
                                                   "4294967296",
                                                   "9223372036854775807",
                                                   "9223372036854775808",
                                                   "-9223372036854775808",
                                                   "18446744073709551615",
                                                   "123456789012345678901234567890",
                                                   "00",
                                                   "true",
                                                   "null",
                                                   "[]",
                                                   "{}",
                                                   "\"\"",
                                                   "\" \"",
                                                   "\"\\u0000\"",
                                                   "\"\\ud800\"",
                                                   "\"../../etc/passwd\"",
                                                   "\"\xff\xfe\"",
                                                   "\"\xf0\x9f\x98\x80\xe2\x80\xae\"",
                                                   "[[{\"a\":[null]}]]"};

// What recurses here needs a shallow document.
bool IsShallow(const std::string& text) {
  size_t depth = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (depth > 100) return false;
  }
  return true;
}

// Every value of the document but the whole.
void CollectValues(Json& value, std::vector<Json*>& out) {
  if (!value.is_structured()) return;
  for (auto& item : value) {
    out.push_back(&item);
    CollectValues(item, out);
  }
}

std::string Deep(Mutator& mutator) {
  const size_t depth = 1 + mutator.Below(kMaxDepth);
  std::string out;
  const bool objects = mutator.Below(2) == 0;
  for (size_t i = 0; i < depth; ++i) out += objects ? "{\"a\":" : "[";
  out += "1";
  if (mutator.Below(4) > 0) out += std::string(depth, objects ? '}' : ']');
  return out;
}

void RemoveOne(Json& parent, Mutator& mutator) {
  const size_t at = mutator.Below(parent.size());
  if (parent.is_array()) return parent.erase(at);
  auto item = parent.begin();
  std::advance(item, static_cast<std::ptrdiff_t>(at));
  parent.erase(item);
}

void Grow(Json& parent, Mutator& mutator) {
  const Json copy =
      *std::next(parent.begin(), static_cast<std::ptrdiff_t>(mutator.Below(parent.size())));
  const size_t times = mutator.Below(16) == 0 ? 200 : 1;
  for (size_t i = 0; i < times; ++i) {
    if (parent.is_array()) {
      parent.push_back(copy);
    } else {
      parent["key" + std::to_string(mutator.Below(1000))] = copy;
    }
  }
}

void ChangeOne(Json& json, Mutator& mutator) {
  std::vector<Json*> values;
  CollectValues(json, values);
  if (values.empty()) return;
  Json& value = *values[mutator.Below(values.size())];
  const bool has_items = value.is_structured() && !value.empty();
  switch (mutator.Below(6)) {
    case 0:
      return has_items ? RemoveOne(value, mutator) : RemoveOne(json, mutator);
    case 1:
      return has_items ? Grow(value, mutator) : Grow(json, mutator);
    case 2: {
      const Json other = *values[mutator.Below(values.size())];
      value = other;
      return;
    }
    default:
      value = kPlaceholder;
  }
}

void ReplacePlaceholders(std::string& text, Mutator& mutator) {
  const std::string quoted = std::string("\"") + kPlaceholder + "\"";
  for (size_t at = text.find(quoted); at != text.npos; at = text.find(quoted, at)) {
    text.replace(at, quoted.size(), ExtremeValue(mutator));
  }
}

std::vector<std::string> SplitLines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// A part between commas, spaces, "=" or ":" becomes an extreme.
void ChangeField(std::string& line, Mutator& mutator) {
  constexpr char kBreaks[] = ", =:\t/.";
  if (line.empty()) return;
  const size_t at = line.find_last_of(kBreaks, mutator.Below(line.size()));
  const size_t begin = at == line.npos ? 0 : at + 1;
  const size_t end = std::min(line.find_first_of(kBreaks, begin), line.size());
  line.replace(begin, end - begin, ExtremeValue(mutator));
}

void ChangeLine(std::vector<std::string>& lines, size_t at, const std::vector<std::string>& corpus,
                Mutator& mutator) {
  std::string& line = lines[at];
  switch (mutator.Below(9)) {
    case 0:
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), line);
      return;
    case 1:
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    case 2:
      return std::swap(line, lines[mutator.Below(lines.size())]);
    case 3:
      line += lines[mutator.Below(lines.size())];
      return;
    case 4:
      line = mutator.Below(2) == 0 ? "" : line + "\r";
      return;
    case 5:
      line.insert(mutator.Below(line.size() + 1), mutator.Below(20'000), 'x');
      return;
    case 6: {
      const auto others = SplitLines(corpus[mutator.Below(corpus.size())]);
      line = others[mutator.Below(others.size())];
      return;
    }
    default:
      if (line.starts_with('{')) {
        line = MutateJson(line, mutator);
      } else {
        ChangeField(line, mutator);
      }
  }
}

}  // namespace

std::string ExtremeValue(Mutator& mutator) {
  const size_t kind = mutator.Below(kExtremes.size() + 3);
  if (kind < kExtremes.size()) return kExtremes[kind];
  if (kind == kExtremes.size()) return Deep(mutator);
  return "\"" + std::string(mutator.Below(30'000), kind % 2 == 0 ? 'a' : '\\') + "\"";
}

std::string MutateJson(const std::string& text, Mutator& mutator) {
  if (!IsShallow(text)) return text;
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_structured() || json.empty()) return text;
  for (size_t changes = 1 + mutator.Below(3); changes > 0 && !json.empty(); --changes) {
    ChangeOne(json, mutator);
  }
  std::string out = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  ReplacePlaceholders(out, mutator);
  return out;
}

std::string MutateLines(const std::string& text, const std::vector<std::string>& corpus,
                        Mutator& mutator) {
  std::vector<std::string> lines = SplitLines(text);
  for (size_t changes = 1 + mutator.Below(4); changes > 0 && !lines.empty(); --changes) {
    ChangeLine(lines, mutator.Below(lines.size()), corpus, mutator);
  }
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

}  // namespace tact::fuzz

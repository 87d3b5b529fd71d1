#include "services/policy/stop_strings.h"

#include <algorithm>
#include <utility>

namespace tact {
namespace {

// Bytes at the beginning of a tail that may differ from the whole text (a leading space is dropped,
// a character can be cut), and those before the last id's that it can still change (a character is
// completed, the space before punctuation goes).
constexpr size_t kMargin = 32;

}  // namespace

StopStrings::StopStrings(std::vector<std::string> stops) : stops_(std::move(stops)) {
  for (const std::string& stop : stops_) longest_ = std::max(longest_, stop.size());
}

size_t StopStrings::Find(std::string_view text) const {
  size_t first = text.npos;
  for (const std::string& stop : stops_) first = std::min(first, text.find(stop));
  return first;
}

bool StopStrings::Reached(const Tokenizer& tokenizer, std::span<const int32_t> ids) const {
  const auto holds = [&](std::string_view text) { return Find(text) != text.npos; };
  const size_t enough = longest_ + tokenizer.IdToToken(ids.back()).size() + 2 * kMargin;
  for (size_t count = 16; count < ids.size(); count *= 2) {
    const std::string tail = tokenizer.Decode(ids.last(count), /*skip_special_tokens=*/true);
    if (tail.size() < enough) continue;
    if (!holds(tail)) return false;
    break;
  }
  return holds(tokenizer.Decode(ids, /*skip_special_tokens=*/true));
}

}  // namespace tact

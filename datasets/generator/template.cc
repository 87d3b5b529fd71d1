#include "datasets/generator/template.h"

namespace tact::datasets {

std::string Fill(std::string_view pattern, const Slots& slots) {
  std::string out;
  while (!pattern.empty()) {
    const size_t open = pattern.find('{');
    const size_t close = open == std::string_view::npos ? open : pattern.find('}', open);
    if (close == std::string_view::npos) break;
    out += pattern.substr(0, open);
    const auto slot = slots.find(pattern[open + 1]);
    out += slot == slots.end() ? std::string(pattern.substr(open, close - open + 1)) : slot->second;
    pattern.remove_prefix(close + 1);
  }
  return out + std::string(pattern);
}

}  // namespace tact::datasets

#include "services/tactctl/piece_order.h"

#include <utility>

namespace tact::ctl {

std::string PieceOrder::Take(size_t response, std::string_view piece, bool ended) {
  held_[response].text += piece;
  held_[response].ended = ended;
  std::string out;
  for (; open_ < held_.size(); ++open_) {
    out += std::exchange(held_[open_].text, "");
    if (!held_[open_].ended) break;
    out += '\n';
  }
  return out;
}

}  // namespace tact::ctl

#include "common/text/piece_trie.h"

#include <algorithm>
#include <numeric>

namespace tact {

struct PieceTrie::Range {
  size_t begin;
  size_t end;
  size_t depth;
};

PieceTrie::PieceTrie(std::span<const std::string> pieces) {
  std::vector<int32_t> sorted(pieces.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  std::stable_sort(sorted.begin(), sorted.end(), [&](int32_t a, int32_t b) {
    return pieces[static_cast<size_t>(a)] < pieces[static_cast<size_t>(b)];
  });
  nodes_.emplace_back();
  std::vector<Range> ranges = {{0, sorted.size(), 0}};  // by node
  for (size_t node = 0; node < ranges.size(); ++node) {
    Range range = ranges[node];
    // Pieces that end here come first; the last of them has the highest id.
    for (; range.begin < range.end; ++range.begin) {
      const int32_t id = sorted[range.begin];
      if (pieces[static_cast<size_t>(id)].size() > range.depth) break;
      nodes_[node].id = id;
    }
    nodes_[node].first_child = static_cast<uint32_t>(nodes_.size());
    AddChildren(pieces, sorted, range, &ranges);
    nodes_[node].children = static_cast<uint16_t>(nodes_.size() - nodes_[node].first_child);
  }
}

void PieceTrie::AddChildren(std::span<const std::string> pieces, std::span<const int32_t> sorted,
                            const Range& range, std::vector<Range>* ranges) {
  const auto byte_at = [&](size_t i) {
    return static_cast<unsigned char>(pieces[static_cast<size_t>(sorted[i])][range.depth]);
  };
  for (size_t begin = range.begin; begin < range.end;) {
    size_t end = begin + 1;
    while (end < range.end && byte_at(end) == byte_at(begin)) ++end;
    nodes_.push_back({.byte = byte_at(begin)});
    ranges->push_back({begin, end, range.depth + 1});
    begin = end;
  }
}

uint32_t PieceTrie::Child(uint32_t node, unsigned char byte) const {
  const Node* begin = nodes_.data() + nodes_[node].first_child;
  const Node* end = begin + nodes_[node].children;
  const Node* found =
      std::lower_bound(begin, end, byte, [](const Node& a, unsigned char b) { return a.byte < b; });
  return found == end || found->byte != byte ? 0 : static_cast<uint32_t>(found - nodes_.data());
}

int32_t PieceTrie::Find(std::string_view piece) const {
  uint32_t node = 0;
  for (const char c : piece) {
    node = Child(node, static_cast<unsigned char>(c));
    if (node == 0) return -1;
  }
  return piece.empty() ? -1 : nodes_[node].id;
}

}  // namespace tact

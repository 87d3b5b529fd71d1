// A trie over the bytes of a vocabulary: all pieces that a text starts with, in one walk.
#ifndef TACT_COMMON_TEXT_PIECE_TRIE_H_
#define TACT_COMMON_TEXT_PIECE_TRIE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tact {

class PieceTrie {
 public:
  // Ids are positions; of equal pieces the last one counts, and empty pieces are never found.
  explicit PieceTrie(std::span<const std::string> pieces);

  // Calls visit(length in bytes, id) for each piece that `text` starts with, the shortest first.
  template <typename Visit>
  void ForEachPrefix(std::string_view text, Visit&& visit) const {
    uint32_t node = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      node = Child(node, static_cast<unsigned char>(text[i]));
      if (node == 0) return;
      if (nodes_[node].id >= 0) visit(i + 1, nodes_[node].id);
    }
  }

  // The id of a whole piece, -1 if there is none.
  int32_t Find(std::string_view piece) const;

 private:
  struct Node {
    int32_t id = -1;
    uint32_t first_child = 0;  // children stand side by side, by byte
    uint16_t children = 0;
    unsigned char byte = 0;
  };
  struct Range;  // the sorted pieces that begin with a node's bytes

  uint32_t Child(uint32_t node, unsigned char byte) const;
  void AddChildren(std::span<const std::string> pieces, std::span<const int32_t> sorted,
                   const Range& range, std::vector<Range>* ranges);

  std::vector<Node> nodes_;  // the root first, so 0 is no child
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_PIECE_TRIE_H_

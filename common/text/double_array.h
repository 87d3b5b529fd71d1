// Reads a double-array trie (Yata's darts-clone, as sentencepiece stores it) from untrusted bytes:
// every access is checked, so that a damaged file gives a wrong answer at worst.
#ifndef TACT_COMMON_TEXT_DOUBLE_ARRAY_H_
#define TACT_COMMON_TEXT_DOUBLE_ARRAY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tact {

class DoubleArray {
 public:
  DoubleArray() = default;
  // `bytes` are little-endian units of 32 bits; what is left over at the end is not read.
  explicit DoubleArray(std::string_view bytes);

  // The value of the shortest key that `text` starts with.
  std::optional<uint32_t> ShortestPrefix(std::string_view text) const;

  // Whether every step from every unit stays inside the array, and every value is below `limit`.
  // Readers without checks (libsentencepiece) need this.
  bool IsClosed(uint32_t limit) const;

 private:
  std::vector<uint32_t> units_;
};

}  // namespace tact

#endif  // TACT_COMMON_TEXT_DOUBLE_ARRAY_H_

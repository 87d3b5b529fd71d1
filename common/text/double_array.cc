#include "common/text/double_array.h"

namespace tact {
namespace {

constexpr uint32_t kValueBit = uint32_t{1} << 31;  // the unit is a value, not a step
constexpr size_t kLabels = 256;

uint32_t Unit(std::string_view bytes) {
  uint32_t unit = 0;
  for (size_t i = 0; i < 4; ++i) {
    unit |= uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return unit;
}

bool HasValue(uint32_t unit) { return (unit >> 8 & 1) != 0; }
uint32_t Label(uint32_t unit) { return unit & (kValueBit | 0xFF); }
size_t Offset(uint32_t unit) { return size_t{unit >> 10} << ((unit & (1u << 9)) >> 6); }

}  // namespace

DoubleArray::DoubleArray(std::string_view bytes) {
  units_.reserve(bytes.size() / 4);
  for (; bytes.size() >= 4; bytes.remove_prefix(4)) units_.push_back(Unit(bytes));
}

std::optional<uint32_t> DoubleArray::ShortestPrefix(std::string_view text) const {
  if (units_.empty()) return std::nullopt;
  size_t node = Offset(units_[0]);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    node ^= byte;
    if (byte == 0 || node >= units_.size() || Label(units_[node]) != byte) return std::nullopt;
    const uint32_t unit = units_[node];
    node ^= Offset(unit);
    if (!HasValue(unit)) continue;
    if (node >= units_.size()) return std::nullopt;
    return units_[node] & ~kValueBit;
  }
  return std::nullopt;
}

bool DoubleArray::IsClosed(uint32_t limit) const {
  // A whole number of blocks: then a step inside a block cannot leave the array.
  if (units_.empty() || units_.size() % kLabels != 0) return false;
  for (size_t i = 0; i < units_.size(); ++i) {
    const uint32_t unit = units_[i];
    const bool good =
        (unit & kValueBit) != 0 ? (unit & ~kValueBit) < limit : (i ^ Offset(unit)) < units_.size();
    if (!good) return false;
  }
  return true;
}

}  // namespace tact

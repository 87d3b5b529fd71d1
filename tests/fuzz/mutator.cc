#include "tests/fuzz/mutator.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

namespace tact::fuzz {
namespace {

constexpr std::array<uint64_t, 14> kAwkward = {0,
                                               1,
                                               2,
                                               0x7F,
                                               0xFF,
                                               0x7FFF,
                                               0xFFFF,
                                               0x7FFFFFFF,
                                               0x80000000,
                                               0xFFFFFFFF,
                                               uint64_t{1} << 40,
                                               0x7FFFFFFFFFFFFFFF,
                                               0x8000000000000000,
                                               0xFFFFFFFFFFFFFFFF};
constexpr std::array<const char*, 14> kNumbers = {"0",
                                                  "-1",
                                                  "1",
                                                  "2.5",
                                                  "1e400",
                                                  "4294967296",
                                                  "9223372036854775807",
                                                  "18446744073709551615",
                                                  "-0",
                                                  "[]",
                                                  "null",
                                                  "{}",
                                                  "\"\"",
                                                  "1099511627776"};

}  // namespace

std::string Mutator::Next(const std::vector<std::string>& corpus) {
  std::string bytes = corpus[Below(corpus.size())];
  for (size_t changes = 1 + Below(8); changes > 0; --changes) Change(bytes, corpus);
  if (bytes.size() > kMaxInput) bytes.resize(kMaxInput);
  return bytes;
}

void Mutator::Change(std::string& bytes, const std::vector<std::string>& corpus) {
  if (bytes.empty()) bytes = "x";
  const size_t at = Below(bytes.size());
  switch (Below(9)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << Below(8)));
      break;
    case 1:
      bytes[at] = static_cast<char>(random_());
      break;
    case 2:
      SetLength(bytes);
      break;
    case 3:
      SetNumber(bytes);
      break;
    case 4:
      bytes.erase(at, 1 + Below(16));
      break;
    case 5:
      bytes.insert(at, 1, static_cast<char>(random_()));
      break;
    case 6:
      Splice(bytes, corpus[Below(corpus.size())]);
      break;
    case 7:
      Repeat(bytes);
      break;
    default:
      if (Below(8) == 0) bytes.resize(at);
  }
}

// Two, four or eight bytes that may be a size, a count or an offset.
void Mutator::SetLength(std::string& bytes) {
  const size_t width = size_t{2} << Below(3);
  if (bytes.size() < width) return;
  uint64_t value = kAwkward[Below(kAwkward.size())];
  if (Below(3) == 0) value = bytes.size() + Below(5) - 2;
  std::memcpy(bytes.data() + Below(bytes.size() - width + 1), &value, width);
}

// A number in text becomes another value.
void Mutator::SetNumber(std::string& bytes) {
  const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
  const auto begin = std::find_if(bytes.begin() + static_cast<std::ptrdiff_t>(Below(bytes.size())),
                                  bytes.end(), is_digit);
  const auto end = std::find_if_not(begin, bytes.end(), is_digit);
  bytes.replace(begin, end, kNumbers[Below(kNumbers.size())]);
}

void Mutator::Splice(std::string& bytes, const std::string& other) {
  if (other.empty()) return;
  const size_t from = Below(other.size());
  bytes.insert(Below(bytes.size()), other, from, 1 + Below(64));
}

void Mutator::Repeat(std::string& bytes) {
  const size_t from = Below(bytes.size());
  const std::string part = bytes.substr(from, 1 + Below(16));
  const size_t times = Below(16) == 0 ? Below(2000) : 1 + Below(3);
  std::string repeated;
  for (size_t i = 0; i < times; ++i) repeated += part;
  bytes.insert(from, repeated);
}

}  // namespace tact::fuzz

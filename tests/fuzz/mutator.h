// Deterministic mutations of byte strings: the same seed gives the same inputs in the same order.
#ifndef TACT_TESTS_FUZZ_MUTATOR_H_
#define TACT_TESTS_FUZZ_MUTATOR_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace tact::fuzz {

inline constexpr size_t kMaxInput = 64 << 10;  // bytes; longer ones are cut

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  // A member of `corpus` after one to eight changes: flipped bits, bytes and length fields set to
  // awkward values, numbers in text replaced, ranges removed, repeated, cut off, or taken from
  // another member.
  std::string Next(const std::vector<std::string>& corpus);
  // Below `limit`, which is above 0.
  size_t Below(size_t limit) { return random_() % limit; }

 private:
  void Change(std::string& bytes, const std::vector<std::string>& corpus);
  void SetLength(std::string& bytes);
  void SetNumber(std::string& bytes);
  void Splice(std::string& bytes, const std::string& other);
  void Repeat(std::string& bytes);

  std::mt19937_64 random_;
};

}  // namespace tact::fuzz

#endif  // TACT_TESTS_FUZZ_MUTATOR_H_

#include "services/evaluation/summary/wording.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "common/base/strings.h"

namespace tact {
namespace {

// Digits behind the point that tell numbers up to `largest` apart.
int DigitsFor(double largest) { return largest >= 10 ? 1 : largest >= 0.2 ? 2 : 3; }

// A size without its sign and without a 0 before the point: ".31", "1.74".
std::string Size(double value, int digits) {
  std::string text = absl::StrFormat("%.*f", digits, std::abs(value));
  if (text.starts_with("0.")) text.erase(0, 1);
  return text;
}

std::string_view Direction(double value) { return value < 0 ? "lower" : "higher"; }

std::string Range(const v1::Interval& interval, int digits) {
  const double low = interval.low(), high = interval.high();
  if (low < 0 && high > 0) {
    return StrCat(Size(low, digits), " lower to ", Size(high, digits), " higher");
  }
  // Both ends on one side: the smaller size first.
  const bool falling = high <= 0 && low < 0;
  return StrCat(Size(falling ? high : low, digits), " to ", Size(falling ? low : high, digits));
}

}  // namespace

std::string PInWords(double p) {
  if (p < 0.001) return "p < .001";
  if (p > 0.995) return "p = 1";
  return StrCat("p = ", Size(p, p < 0.0995 ? 3 : 2));
}

std::string InWords(const v1::PairedTest& test, double confidence) {
  const v1::Interval& interval = test.interval();
  if (test.mean_difference() == 0 && interval.low() == 0 && interval.high() == 0) {
    return "no change";
  }
  const double largest = std::max(std::abs(interval.low()), std::abs(interval.high()));
  const int digits = DigitsFor(largest);
  return StrCat(test.permutation_p() < 1 - confidence ? "" : "no clear change: ",
                Direction(test.mean_difference()), " by ", Size(test.mean_difference(), digits),
                absl::StrFormat(" (%.4g %% interval ", 100 * confidence), Range(interval, digits),
                "), ", PInWords(test.permutation_p()));
}

}  // namespace tact

#include "tests/load/outcomes.h"

#include <algorithm>
#include <cstdio>
#include <span>

namespace tact::load {
namespace {

using grpc::StatusCode;

const char* NameOf(Kind kind) { return kKindNames[static_cast<size_t>(kind)]; }

std::string NameOf(StatusCode code) {
  switch (code) {
    case StatusCode::OK:
      return "OK";
    case StatusCode::CANCELLED:
      return "CANCELLED";
    case StatusCode::DEADLINE_EXCEEDED:
      return "DEADLINE_EXCEEDED";
    case StatusCode::RESOURCE_EXHAUSTED:
      return "RESOURCE_EXHAUSTED";
    case StatusCode::UNAVAILABLE:
      return "UNAVAILABLE";
    default:
      return "code " + std::to_string(code);
  }
}

bool Allowed(Kind kind, StatusCode code) {
  if (code == StatusCode::OK || code == StatusCode::RESOURCE_EXHAUSTED) return true;
  if (code == StatusCode::CANCELLED) return kind == Kind::kCancelled;
  return code == StatusCode::DEADLINE_EXCEEDED && kind == Kind::kExpired;
}

// Milliseconds, by rank.
double QuantileMs(std::vector<float> seconds, double q) {
  const auto at = static_cast<size_t>(q * static_cast<double>(seconds.size() - 1));
  std::ranges::nth_element(seconds, seconds.begin() + static_cast<std::ptrdiff_t>(at));
  return 1000.0 * seconds[at];
}

template <typename... Values>
std::string Line(const char* format, Values... values) {
  char line[200];
  std::snprintf(line, sizeof(line), format, values...);
  return line;
}

}  // namespace

void Outcomes::Add(Kind kind, StatusCode code, double seconds) {
  const std::lock_guard lock(mutex_);
  seconds_[{kind, code}].push_back(static_cast<float>(seconds));
}

size_t Outcomes::count() const {
  const std::lock_guard lock(mutex_);
  size_t count = 0;
  for (const auto& [key, seconds] : seconds_) count += seconds.size();
  return count;
}

std::string Outcomes::Table() const {
  const std::lock_guard lock(mutex_);
  std::string table = Line("%-15s %-19s %8s %9s %9s %9s\n", "CALL", "ANSWER", "COUNT", "P50 MS",
                           "P99 MS", "MAX MS");
  for (const auto& [key, seconds] : seconds_) {
    table += Line("%-15s %-19s %8zu %9.1f %9.1f %9.1f\n", NameOf(key.first),
                  NameOf(key.second).c_str(), seconds.size(), QuantileMs(seconds, 0.5),
                  QuantileMs(seconds, 0.99), QuantileMs(seconds, 1));
  }
  return table;
}

std::vector<std::string> Outcomes::Broken(double refusal_ms) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> broken;
  std::vector<float> refused;
  for (const auto& [key, seconds] : seconds_) {
    if (!Allowed(key.first, key.second)) {
      broken.push_back(Line("%zu calls of %s ended with %s", seconds.size(), NameOf(key.first),
                            NameOf(key.second).c_str()));
    }
    if (key.second == StatusCode::RESOURCE_EXHAUSTED) {
      refused.insert(refused.end(), seconds.begin(), seconds.end());
    }
  }
  if (!refused.empty() && QuantileMs(refused, 0.99) > refusal_ms) {
    broken.push_back(Line("refusals took %.1f ms (99th percentile)", QuantileMs(refused, 0.99)));
  }
  return broken;
}

std::vector<std::string> BrokenByGrowth(const std::string& process, std::vector<double> megabytes) {
  const size_t third = megabytes.size() / 3;
  if (third == 0) return {};
  const std::span<const double> all(megabytes);
  const double before = std::ranges::max(all.subspan(third, third));
  const double after = std::ranges::max(all.last(third));
  if (after <= std::max(before * 1.1, before + 20)) return {};
  return {Line("%s grew from %.0f to %.0f MB", process.c_str(), before, after)};
}

}  // namespace tact::load

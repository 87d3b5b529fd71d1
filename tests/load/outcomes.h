// What the callers of a load run have seen, and the rules that it must obey. Thread-safe.
#ifndef TACT_TESTS_LOAD_OUTCOMES_H_
#define TACT_TESTS_LOAD_OUTCOMES_H_

#include <grpcpp/support/status.h>

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tact::load {

enum class Kind {
  kGenerate,
  kStream,
  kScore,
  kLogprobs,
  kGetModel,
  kCancelled,  // Generate, given up by its caller soon after
  kExpired,    // Generate with a deadline that cannot be met
  kCount
};
inline constexpr std::array<const char*, static_cast<size_t>(Kind::kCount)> kKindNames = {
    "Generate", "StreamGenerate", "Score", "ScoreLogprobs", "GetModel", "cancelled", "expired"};

class Outcomes {
 public:
  void Add(Kind kind, grpc::StatusCode code, double seconds);

  size_t count() const;
  // One line for each kind and code: how many, and quantiles of their milliseconds.
  std::string Table() const;
  // A code that the kind of call does not allow, or refusals whose 99th percentile is later than
  // this: one line each.
  std::vector<std::string> Broken(double refusal_ms) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<Kind, grpc::StatusCode>, std::vector<float>> seconds_;
};

// Resident memory over a run, in MB at equal intervals: one line if the most in its last third is
// more than a tenth above the most in its second, and 20 MB.
std::vector<std::string> BrokenByGrowth(const std::string& process, std::vector<double> megabytes);

}  // namespace tact::load

#endif  // TACT_TESTS_LOAD_OUTCOMES_H_

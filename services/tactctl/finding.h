// What tactctl doctor found out about one thing.
#ifndef TACT_SERVICES_TACTCTL_FINDING_H_
#define TACT_SERVICES_TACTCTL_FINDING_H_

#include <string>

namespace tact::ctl {

enum class Verdict { kOk, kWarn, kFail };

struct Finding {
  std::string check;  // "certificate policy.pem"
  Verdict verdict = Verdict::kOk;
  std::string found;   // in words
  std::string advice;  // what to do; "" where nothing is to be done
};

inline std::string VerdictName(Verdict verdict) {
  if (verdict == Verdict::kOk) return "ok";
  return verdict == Verdict::kWarn ? "warn" : "fail";
}

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_FINDING_H_

// A paired test in words that a person understands.
#ifndef TACT_SERVICES_EVALUATION_SUMMARY_WORDING_H_
#define TACT_SERVICES_EVALUATION_SUMMARY_WORDING_H_

#include <string>

#include "tact/v1/evaluation.pb.h"

namespace tact {

// "lower by .31 (95 % interval .28 to .34), p < .001"; "no clear change: higher by .01 (95 %
// interval .02 lower to .04 higher), p = .41" where p is 1 - confidence or more; "no change". p is
// the permutation test's.
std::string InWords(const v1::PairedTest& test, double confidence);

// "p < .001", "p = .023", "p = .41".
std::string PInWords(double p);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_SUMMARY_WORDING_H_

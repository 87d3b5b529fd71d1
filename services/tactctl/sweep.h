// One job spec for each combination of swept values.
#ifndef TACT_SERVICES_TACTCTL_SWEEP_H_
#define TACT_SERVICES_TACTCTL_SWEEP_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tact/v1/trainer.pb.h"

namespace tact::ctl {

struct SweptSpec {
  std::vector<std::string> values;  // one for each sweep, in their order
  v1::JobSpec spec;                 // its name, and the served name if set, end with the values
};

// "optimizer.learning_rate=1e-4,1e-3" sweeps that field; several sweep their product, the last one
// fastest. Without sweeps the one spec itself. INVALID_ARGUMENT as SetField, or where there would
// be more than 1000.
absl::StatusOr<std::vector<SweptSpec>> ExpandSweeps(const v1::JobSpec& spec,
                                                    const std::vector<std::string>& sweeps);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_SWEEP_H_

// A model's folder as doctor looks at it: everything that a service needs is there and loadable.
#ifndef TACT_SERVICES_TACTCTL_MODEL_CHECK_H_
#define TACT_SERVICES_TACTCTL_MODEL_CHECK_H_

#include <cstdint>
#include <filesystem>
#include <string>

#include "services/tactctl/finding.h"

namespace tact::ctl {

struct ModelFinding {
  Finding finding;
  uint64_t parameters = 0;  // 0 where it cannot be loaded
};

// Reads config.json, the tokenizer and the header of each weight file, but no weights. `kind` is
// "policy" (T5) or "reward" (a classifier).
ModelFinding CheckModel(const std::string& kind, const std::filesystem::path& folder);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_MODEL_CHECK_H_

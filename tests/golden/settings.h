// The arguments of transformers' generate(), as the golden data records them, as the engine's
// options.
#ifndef TACT_TESTS_GOLDEN_SETTINGS_H_
#define TACT_TESTS_GOLDEN_SETTINGS_H_

#include <nlohmann/json.hpp>

#include "services/policy/engine/sampling.h"

namespace tact::golden {

// What is absent takes generate()'s default; top_k then is 50.
SamplingOptions ReadSettings(const nlohmann::json& settings);

}  // namespace tact::golden

#endif  // TACT_TESTS_GOLDEN_SETTINGS_H_

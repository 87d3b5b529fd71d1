// --dtype of the services that compute with PackedLinear.
#ifndef TACT_COMMON_KERNELS_DTYPE_FLAG_H_
#define TACT_COMMON_KERNELS_DTYPE_FLAG_H_

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "common/kernels/linear.h"

namespace tact {

inline void AddDtypeFlag(CLI::App& app, WeightType& type) {
  const auto read = [&type](const std::string& name) {
    const auto at = std::ranges::find(kWeightTypeNames, name) - kWeightTypeNames.begin();
    type = static_cast<WeightType>(at);
  };
  app.add_option_function<std::string>(
         "--dtype", read, "how weights of linears are held and multiplied: f32, bf16 or int8")
      ->check(
          CLI::IsMember(std::vector<std::string>(kWeightTypeNames.begin(), kWeightTypeNames.end())))
      ->default_str("f32");
}

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_DTYPE_FLAG_H_

#include "services/trainer/optim/finite.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <c10/core/GradMode.h>

#include <cmath>

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

bool IsFinite(const at::Tensor& tensor) {
  if (!tensor.is_floating_point() || std::isfinite(tensor.sum().item<double>())) return true;
  return tensor.isfinite().all().item<bool>();  // or only the sum is too large
}

absl::Status NotFinite(std::string_view what, std::string_view found) {
  return WithErrorDetail(
      absl::InternalError(StrCat(what, " is ", found,
                                 "; the step was not taken; a lower learning rate or gradient "
                                 "clipping (optimizer.max_grad_norm) may help")),
      {"NOT_FINITE", std::string(what), std::string(found),
       "create the job again with a lower learning rate"});
}

}  // namespace

absl::Status CheckFinite(double value, std::string_view what) {
  if (std::isfinite(value)) return absl::OkStatus();
  return NotFinite(what, std::isnan(value) ? "NaN" : "infinite");
}

absl::Status CheckFinite(const std::vector<NamedTensor>& tensors) {
  at::NoGradGuard no_grad;
  for (const NamedTensor& item : tensors) {
    if (!IsFinite(item.tensor)) return NotFinite(item.name, "not finite everywhere");
  }
  return absl::OkStatus();
}

}  // namespace tact

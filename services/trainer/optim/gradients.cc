#include "services/trainer/optim/gradients.h"

#include <c10/core/GradMode.h>

#include <cmath>

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {

absl::Status CheckFinite(double value, std::string_view what) {
  if (std::isfinite(value)) return absl::OkStatus();
  const std::string found = std::isnan(value) ? "NaN" : "infinite";
  return WithErrorDetail(
      absl::InternalError(StrCat(what, " is ", found,
                                 "; the step was not taken; a lower learning rate or gradient "
                                 "clipping (optimizer.max_grad_norm) may help")),
      {"NOT_FINITE", std::string(what), found, "create the job again with a lower learning rate"});
}

absl::StatusOr<double> ClipGradients(const std::vector<NamedTensor>& parameters, double max_norm) {
  at::NoGradGuard no_grad;
  double squares = 0;
  for (const NamedTensor& p : parameters) {
    if (!p.tensor.grad().defined()) continue;
    const double norm = p.tensor.grad().norm().item<double>();
    const absl::Status finite = CheckFinite(norm, StrCat("the gradient of ", p.name));
    if (!finite.ok()) return finite;
    squares += norm * norm;
  }
  const double norm = std::sqrt(squares);
  const double scale = max_norm / (norm + 1e-6);
  if (max_norm > 0 && scale < 1.0) {
    for (const NamedTensor& p : parameters) {
      if (p.tensor.grad().defined()) p.tensor.grad().mul_(scale);
    }
  }
  return norm;
}

}  // namespace tact

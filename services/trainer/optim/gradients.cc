#include "services/trainer/optim/gradients.h"

#include <c10/core/GradMode.h>

#include <cmath>

#include "common/base/strings.h"
#include "services/trainer/optim/finite.h"

namespace tact {

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

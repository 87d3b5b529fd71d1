#include "common/model/copy_weights.h"

#include <ATen/core/grad_mode.h>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/model/safetensors.h"

namespace tact {

absl::Status CopyParameters(const ParameterMap& target, const ParameterMap& source) {
  for (const auto& [name, tensor] : target.items()) {
    const at::Tensor* from = source.Find(name);
    if (from == nullptr) {
      return FieldError(name, "", "the weights have no such tensor", "give the whole set");
    }
    if (from->sizes() != tensor.sizes()) {
      return FieldError(name, ShapeString(from->sizes().vec()),
                        absl::StrCat("expected shape ", ShapeString(tensor.sizes().vec())),
                        "give weights of the same model");
    }
  }
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : target.items()) tensor.copy_(source.At(name));
  return absl::OkStatus();
}

}  // namespace tact

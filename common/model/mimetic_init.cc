#include "common/model/mimetic_init.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/model/t5_model.h"
#include "common/model/torch_io.h"

namespace tact {
namespace {

constexpr double kOutputScale = 0.5;
constexpr double kQueryScale = 0.25;
constexpr double kNeighbourBias = 5.0;  // e^5: nearly all of a head's attention

// Orthonormal rows (or columns, of a tall matrix) by Gram-Schmidt on Gaussian ones.
at::Tensor Orthogonal(int64_t rows, int64_t columns, at::Generator& generator) {
  if (rows > columns) return Orthogonal(columns, rows, generator).t().contiguous();
  const at::Tensor out = at::empty({rows, columns});
  out.normal_(0.0, 1.0, generator);
  for (int64_t i = 0; i < rows; ++i) {
    at::Tensor row = out.select(0, i);
    if (i > 0) {
      const at::Tensor before = out.narrow(0, 0, i);
      row.sub_(at::matmul(before.t(), at::matmul(before, row)));
    }
    row.div_(row.norm());
  }
  return out;
}

std::string Sibling(const std::string& name, const std::string& from, const std::string& to) {
  return name.substr(0, name.size() - from.size()) + to;
}

// Makes `head` of the stack's relative bias look at `offset` (key minus query).
void LookAt(const T5Config& config, const ParameterMap& parameters, bool decoder, int64_t head,
            int64_t offset) {
  const std::string name =
      absl::StrCat(decoder ? "decoder" : "encoder",
                   ".block.0.layer.0.SelfAttention.relative_attention_bias.weight");
  const at::Tensor bias = parameters.At(name).select(1, head);  // [buckets]
  bias.zero_();
  bias[RelativePositionBucket(offset, !decoder, config.relative_attention_num_buckets,
                              config.relative_attention_max_distance)] = kNeighbourBias;
}

}  // namespace

void ApplyMimeticInit(const T5Config& config, const ParameterMap& parameters, uint64_t seed) {
  const at::NoGradGuard no_grad;
  at::Generator generator = MakeGenerator(seed);
  const std::string v = ".v.weight", o = ".o.weight", q = ".q.weight", k = ".k.weight";
  for (const NamedTensor& item : parameters.items()) {
    const at::Tensor& weight = item.tensor;
    if (item.name.ends_with(v)) {
      weight.copy_(Orthogonal(weight.size(0), weight.size(1), generator));
      parameters.At(Sibling(item.name, v, o)).copy_(weight.t() * kOutputScale);
    } else if (item.name.ends_with("EncDecAttention" + q)) {
      weight.copy_(Orthogonal(weight.size(0), weight.size(1), generator));
      parameters.At(Sibling(item.name, q, k)).copy_(weight);
      weight.mul_(kQueryScale);
    }
  }
  if (config.num_heads < 3) return;  // too few to give any away
  LookAt(config, parameters, /*decoder=*/false, 0, -1);
  LookAt(config, parameters, /*decoder=*/false, 1, +1);
  LookAt(config, parameters, /*decoder=*/true, 0, -1);
}

}  // namespace tact

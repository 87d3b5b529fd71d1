#include "services/trainer/ppo/experience.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>

#include <algorithm>

namespace tact {
namespace {

at::Tensor TakeRows(const at::Tensor& all, const Batch& rows, int64_t time) {
  if (!all.defined()) return {};
  std::vector<at::Tensor> taken;
  for (uint32_t row : rows) taken.push_back(all.select(0, row).slice(0, 0, time).unsqueeze(0));
  return at::cat(taken);
}

}  // namespace

std::vector<int64_t> ResponseLengths(const RolloutRows& rows) {
  std::vector<int64_t> out;
  for (const TokenSequence* row : rows) out.push_back(static_cast<int64_t>(row->response.size()));
  return out;
}

OldPolicy TakeRows(const OldPolicy& all, const Batch& rows, int64_t time) {
  return {TakeRows(all.logprobs, rows, time), TakeRows(all.values, rows, time),
          TakeRows(all.rewards, rows, time), TakeRows(all.mask, rows, time),
          TakeRows(all.importance, rows, time)};
}

Advantages TakeRows(const Advantages& all, const Batch& rows, int64_t time) {
  return {TakeRows(all.raw, rows, time), TakeRows(all.whitened, rows, time),
          TakeRows(all.returns, rows, time)};
}

at::Tensor StackRows(const std::vector<at::Tensor>& parts) {
  int64_t time = 0;
  for (const at::Tensor& part : parts) time = std::max(time, part.size(1));
  std::vector<at::Tensor> padded;
  for (const at::Tensor& part : parts) {
    padded.push_back(at::constant_pad_nd(part, {0, time - part.size(1)}));
  }
  return at::cat(padded);
}

at::Tensor BehaviourLogprobs(const RolloutRows& rows, const at::Tensor& logprobs) {
  const at::Tensor out = logprobs.detach().clone();
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::vector<float>& known = rows[i]->behaviour_logprobs;
    float* row = out.data_ptr<float>() + static_cast<int64_t>(i) * out.size(1);
    std::copy(known.begin(), known.end(), row);
  }
  return out;
}

}  // namespace tact

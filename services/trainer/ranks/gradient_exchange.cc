#include "services/trainer/ranks/gradient_exchange.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <string>

#include "absl/strings/numbers.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

// Small values that travel with the gradients: which parameters have one, then the numbers.
at::Tensor MakeTail(const std::vector<NamedTensor>& parameters, std::span<double* const> numbers) {
  at::Tensor tail = at::zeros({static_cast<int64_t>(parameters.size() + numbers.size())});
  float* value = tail.data_ptr<float>();
  for (const NamedTensor& p : parameters) *value++ = p.tensor.grad().defined() ? 1.0f : 0.0f;
  for (const double* number : numbers) *value++ = static_cast<float>(*number);
  return tail;
}

at::Tensor GradientOrZeros(const at::Tensor& parameter) {
  const at::Tensor& gradient = parameter.grad();
  return gradient.defined() ? gradient.contiguous() : at::zeros_like(parameter);
}

}  // namespace

absl::Status SumGradients(const std::vector<NamedTensor>& parameters,
                          std::span<double* const> numbers, RankGroup& ranks) {
  if (ranks.size() == 1) return absl::OkStatus();
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> parts;
  for (const NamedTensor& p : parameters) parts.push_back(GradientOrZeros(p.tensor));
  parts.push_back(MakeTail(parameters, numbers));
  RETURN_IF_ERROR(ranks.AllReduceSum(parts));
  const float* value = parts.back().data_ptr<float>();
  for (size_t i = 0; i < parameters.size(); ++i) {
    at::Tensor parameter = parameters[i].tensor;
    if (*value++ > 0) parameter.mutable_grad() = parts[i];
  }
  for (double* number : numbers) *number = static_cast<double>(*value++);
  return absl::OkStatus();
}

absl::Status ShareOptimizer(AdamW& optimizer, RankGroup& ranks) {
  if (ranks.size() == 1) return absl::OkStatus();
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> tensors;
  for (const NamedTensor& p : optimizer.parameters()) tensors.push_back(p.tensor);
  ParameterMap moments;
  for (NamedTensor& moment : optimizer.State()) {
    tensors.push_back(moment.tensor);
    moments.Add(std::move(moment.name), moment.tensor);
  }
  RETURN_IF_ERROR(ranks.BroadcastTensors(tensors));
  ASSIGN_OR_RETURN(const std::string text, ranks.Broadcast(StrCat(optimizer.steps())));
  int64_t steps = 0;
  if (!absl::SimpleAtoi(text, &steps)) {
    return absl::InternalError(StrCat("rank 0 sent no number of steps but \"", text, "\""));
  }
  return Leads(ranks) ? absl::OkStatus() : optimizer.LoadState(moments, steps);
}

absl::Status CheckSameOnAllRanks(std::string_view what, const std::string& fingerprint,
                                 RankGroup& ranks) {
  ASSIGN_OR_RETURN(const std::string first, ranks.Broadcast(fingerprint));
  if (first == fingerprint) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat(
      what, ": rank ", ranks.rank(), " has read another one (", fingerprint, ") than rank 0 (",
      first, "); --models-root and --data-dir must be the same folders on every rank"));
}

absl::StatusOr<uint32_t> BroadcastNumber(uint32_t number, RankGroup& ranks) {
  ASSIGN_OR_RETURN(const std::string text, ranks.Broadcast(StrCat(number)));
  if (!absl::SimpleAtoi(text, &number)) {
    return absl::InternalError(StrCat("rank 0 sent no number but \"", text, "\""));
  }
  return number;
}

uint64_t RankKey(uint64_t key, const RankGroup& ranks) {
  return Leads(ranks) ? key : MixKey(key, static_cast<uint64_t>(ranks.rank()));
}

std::string FingerprintOf(const ParameterMap& weights) {
  int64_t count = 0;
  double sum = 0;
  for (const NamedTensor& p : weights.items()) {
    count += p.tensor.numel();
    sum += p.tensor.detach().sum(at::kDouble).item<double>();
  }
  return StrCat(count, " weights with the sum ", sum);
}

}  // namespace tact

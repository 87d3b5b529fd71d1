// What PackedLinear's kernels share. Only files of this folder include it.
#ifndef TACT_COMMON_KERNELS_LINEAR_KERNEL_H_
#define TACT_COMMON_KERNELS_LINEAR_KERNEL_H_

#include <omp.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/kernels/linear.h"

namespace tact {

class LinearKernel {
 public:
  LinearKernel(const float* bias, int64_t out, int64_t in) : out_(out), in_(in) {
    if (bias != nullptr) bias_.assign(bias, bias + out);
  }
  virtual ~LinearKernel() = default;
  LinearKernel(const LinearKernel&) = delete;
  LinearKernel& operator=(const LinearKernel&) = delete;

  // As PackedLinear::Forward.
  virtual void Forward(const float* x, float* y, int64_t m, bool accumulate) const = 0;
  size_t bytes() const { return weight_bytes() + bias_.size() * sizeof(float); }

 protected:
  virtual size_t weight_bytes() const = 0;
  int64_t out() const { return out_; }
  int64_t in() const { return in_; }
  const float* bias() const { return bias_.empty() ? nullptr : bias_.data(); }

 private:
  int64_t out_, in_;
  std::vector<float> bias_;
};

std::unique_ptr<const LinearKernel> MakeF32Kernel(const WeightRows& weight, const float* bias,
                                                  int64_t out, int64_t in);
std::unique_ptr<const LinearKernel> MakeBf16Kernel(const WeightRows& weight, const float* bias,
                                                   int64_t out, int64_t in);
std::unique_ptr<const LinearKernel> MakeInt8Kernel(const WeightRows& weight, const float* bias,
                                                   int64_t out, int64_t in);

// Below this many multiply-adds, waking a second thread costs more than it saves.
inline constexpr int64_t kParallelWork = 2 << 20;

// Sets OpenMP to one thread for small products, for the life of the object.
class ScopedThreads {
 public:
  explicit ScopedThreads(int64_t work) : before_(omp_get_max_threads()) {
    if (work < kParallelWork && before_ > 1) omp_set_num_threads(1);
  }
  ~ScopedThreads() {
    if (omp_get_max_threads() != before_) omp_set_num_threads(before_);
  }
  ScopedThreads(const ScopedThreads&) = delete;
  ScopedThreads& operator=(const ScopedThreads&) = delete;

 private:
  int before_;
};

// A buffer of this thread for at least `size` elements, one for each `Tag`; it only grows.
template <typename T, typename Tag>
T* ThreadBuffer(size_t size) {
  thread_local std::vector<T> buffer;
  if (buffer.size() < size) buffer.resize(size);
  return buffer.data();
}

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_LINEAR_KERNEL_H_

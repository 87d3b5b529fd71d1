// oneDNN's product of rows with one fixed weight, in the layout that it prefers: what bf16 on
// CPUs that multiply it stands on. Only files of this folder include it.
#ifndef TACT_COMMON_KERNELS_ONEDNN_LINEAR_H_
#define TACT_COMMON_KERNELS_ONEDNN_LINEAR_H_

#include <cstddef>
#include <cstdint>
#include <dnnl.hpp>
#include <memory>

namespace tact {

class OneDnnPlan;

// Element types of x [m, in], of the weight and of y [m, out]: f32 f32 f32, bf16 bf16 f32 or
// u8 s8 s32.
struct OneDnnTypes {
  dnnl::memory::data_type x, weight, y;
};

class OneDnnLinear {
 public:
  // weight [out, in], of type types.weight, is copied; bias [out] f32 or null must outlive the
  // object. Throws dnnl::error where this CPU has no such product.
  OneDnnLinear(const OneDnnTypes& types, const void* weight, const float* bias, int64_t out,
               int64_t in);

  // y = x W^T + bias, or y += ... . Makes no object once the thread has seen the row count; what
  // oneDNN does inside is its own.
  void Forward(const void* x, void* y, int64_t m, bool accumulate) const;
  size_t weight_bytes() const { return weights_.get_desc().get_size(); }

 private:
  void Execute(int64_t rows, const void* x, void* y, bool accumulate) const;

  int64_t out_, in_;
  OneDnnTypes types_;
  const OneDnnPlan& plan_;
  dnnl::memory weights_, bias_;  // read only, by all threads
};

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_ONEDNN_LINEAR_H_

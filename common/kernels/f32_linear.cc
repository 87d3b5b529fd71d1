// PackedLinear's f32 kernel: a oneDNN matmul on the weight in the layout that it prefers.
#include <dnnl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <dnnl.hpp>
#include <map>
#include <mutex>
#include <tuple>
#include <unordered_map>

#include "common/kernels/linear_kernel.h"

namespace tact {
namespace {

using Format = dnnl::memory::format_tag;
using Descriptor = dnnl::memory::desc;
constexpr auto kF32 = dnnl::memory::data_type::f32;

const dnnl::engine& Engine() {
  // Never destroyed: threads may still compute while the process ends.
  static const auto* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

dnnl::stream& Stream() {
  thread_local dnnl::stream stream(Engine());
  return stream;
}

// A row count is cut into pieces of these sizes and a rest below the smallest, so that any count is
// served by few primitives.
constexpr std::array<int64_t, 4> kPieces = {512, 256, 128, 64};
constexpr size_t kSmallest = 64;
constexpr size_t kSlots = kSmallest + kPieces.size();

int64_t NextPiece(int64_t rows) {
  for (const int64_t piece : kPieces) {
    if (rows >= piece) return piece;
  }
  return rows;
}

size_t SlotOf(int64_t piece) {
  if (piece < static_cast<int64_t>(kSmallest)) return static_cast<size_t>(piece);
  return kSmallest + static_cast<size_t>(std::ranges::find(kPieces, piece) - kPieces.begin());
}

// The primitives of one weight shape, shared by all layers of that shape: made on first use, kept
// for the life of the process.
class Plan {
 public:
  struct Kernel {
    dnnl::matmul primitive;
    Descriptor x, y, scratchpad;
  };

  Plan(int64_t out, int64_t in, bool bias) : out_(out), in_(in), bias_(bias) {
    // What the CPU likes for a middling row count serves all counts.
    weights_ = Describe(64, Descriptor({in, out}, kF32, Format::any), false).weights_desc();
  }

  static const Plan& Get(int64_t out, int64_t in, bool bias) {
    static auto* mutex = new std::mutex;
    static auto* plans = new std::map<std::tuple<int64_t, int64_t, bool>, Plan*>;
    const std::lock_guard lock(*mutex);
    Plan*& plan = (*plans)[{out, in, bias}];
    if (plan == nullptr) plan = new Plan(out, in, bias);
    return *plan;
  }

  const Kernel& KernelFor(int64_t rows, bool accumulate) const {
    auto& slot = slots_[(accumulate ? kSlots : 0) + SlotOf(rows)];
    if (const Kernel* kernel = slot.load(std::memory_order_acquire)) return *kernel;
    const std::lock_guard lock(mutex_);
    if (const Kernel* kernel = slot.load(std::memory_order_acquire)) return *kernel;
    const auto description = Describe(rows, weights_, accumulate);
    const Kernel* kernel = new Kernel{dnnl::matmul(description), description.src_desc(),
                                      description.dst_desc(), description.scratchpad_desc()};
    slot.store(kernel, std::memory_order_release);
    return *kernel;
  }

  const Descriptor& weights() const { return weights_; }
  Descriptor bias() const { return Descriptor({1, out_}, kF32, Format::ab); }

 private:
  dnnl::matmul::primitive_desc Describe(int64_t rows, const Descriptor& weights,
                                        bool accumulate) const {
    const Descriptor x({rows, in_}, kF32, Format::ab), y({rows, out_}, kF32, Format::ab);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (accumulate) {
      dnnl::post_ops sum;
      sum.append_sum();
      attributes.set_post_ops(sum);
    }
#if DNNL_VERSION_MAJOR >= 3  // Debian 13; oneDNN 3 dropped the operation descriptors
    using Primitive = dnnl::matmul::primitive_desc;
    return bias_ ? Primitive(Engine(), x, weights, bias(), y, attributes)
                 : Primitive(Engine(), x, weights, y, attributes);
#else
    const auto operation =
        bias_ ? dnnl::matmul::desc(x, weights, bias(), y) : dnnl::matmul::desc(x, weights, y);
    return dnnl::matmul::primitive_desc(operation, attributes, Engine());
#endif
  }

  int64_t out_, in_;
  bool bias_;
  Descriptor weights_;
  mutable std::mutex mutex_;
  mutable std::array<std::atomic<const Kernel*>, 2 * kSlots> slots_{};
};

class F32Kernel final : public LinearKernel {
 public:
  F32Kernel(const float* weight, const float* bias, int64_t out, int64_t in)
      : LinearKernel(bias, out, in),
        plan_(Plan::Get(out, in, bias != nullptr)),
        weights_(plan_.weights(), Engine()) {
    dnnl::memory source(Descriptor({in, out}, kF32, Format::ba), Engine(),
                        const_cast<float*>(weight));
    dnnl::reorder(source, weights_).execute(Stream(), source, weights_);
    Stream().wait();
  }

  void Forward(const float* x, float* y, int64_t m, bool accumulate) const override {
    while (m > 0) {
      const int64_t rows = NextPiece(m);
      const ScopedThreads threads(rows * in() * out());
      Execute(plan_.KernelFor(rows, accumulate), x, y);
      x += rows * in();
      y += rows * out();
      m -= rows;
    }
  }
  size_t weight_bytes() const override { return weights_.get_desc().get_size(); }

 private:
  void Execute(const Plan::Kernel& kernel, const float* x, float* y) const {
    const size_t scratch = kernel.scratchpad.get_size();
    std::unordered_map<int, dnnl::memory> arguments = {
        {DNNL_ARG_SRC, dnnl::memory(kernel.x, Engine(), const_cast<float*>(x))},
        {DNNL_ARG_WEIGHTS, weights_},
        {DNNL_ARG_DST, dnnl::memory(kernel.y, Engine(), y)},
        {DNNL_ARG_SCRATCHPAD, dnnl::memory(kernel.scratchpad, Engine(),
                                           ThreadBuffer<float, F32Kernel>(scratch / 4 + 1))}};
    if (bias() != nullptr) {
      arguments.emplace(DNNL_ARG_BIAS,
                        dnnl::memory(plan_.bias(), Engine(), const_cast<float*>(bias())));
    }
    kernel.primitive.execute(Stream(), arguments);
  }

  const Plan& plan_;
  dnnl::memory weights_;
};

}  // namespace

std::unique_ptr<const LinearKernel> MakeF32Kernel(const float* weight, const float* bias,
                                                  int64_t out, int64_t in) {
  return std::make_unique<F32Kernel>(weight, bias, out, in);
}

}  // namespace tact

#include "common/kernels/linear.h"

#include <dnnl.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <dnnl.hpp>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace tact {
namespace {

using Format = dnnl::memory::format_tag;
using Descriptor = dnnl::memory::desc;
constexpr auto kF32 = dnnl::memory::data_type::f32;

// Below this many multiply-adds, waking a second thread costs more than it saves.
constexpr int64_t kParallelWork = 2 << 20;

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

// A buffer of this thread that only grows.
float* Scratch(size_t bytes) {
  thread_local std::unique_ptr<float[]> buffer;
  thread_local size_t capacity = 0;
  if (bytes > capacity) {
    buffer.reset(new float[bytes / sizeof(float) + 1]);
    capacity = bytes;
  }
  return buffer.get();
}

}  // namespace

struct PackedLinear::State {
  int64_t out, in;
  const Plan& plan;
  dnnl::memory weights;
  std::unique_ptr<float[]> bias;

  State(int64_t out, int64_t in, bool has_bias)
      : out(out), in(in), plan(Plan::Get(out, in, has_bias)), weights(plan.weights(), Engine()) {}
};

PackedLinear::PackedLinear(const float* weight, const float* bias, int64_t out, int64_t in) {
  auto state = std::make_shared<State>(out, in, bias != nullptr);
  dnnl::memory source(Descriptor({in, out}, kF32, Format::ba), Engine(),
                      const_cast<float*>(weight));
  dnnl::reorder(source, state->weights).execute(Stream(), source, state->weights);
  Stream().wait();
  if (bias != nullptr) {
    state->bias.reset(new float[static_cast<size_t>(out)]);
    std::copy_n(bias, out, state->bias.get());
  }
  state_ = std::move(state);
}

PackedLinear::~PackedLinear() = default;

void PackedLinear::Forward(const float* x, float* y, int64_t m, bool accumulate) const {
  const State& state = *state_;
  while (m > 0) {
    const int64_t rows = NextPiece(m);
    const ScopedThreads threads(rows * state.in * state.out);
    const Plan::Kernel& kernel = state.plan.KernelFor(rows, accumulate);
    std::unordered_map<int, dnnl::memory> arguments = {
        {DNNL_ARG_SRC, dnnl::memory(kernel.x, Engine(), const_cast<float*>(x))},
        {DNNL_ARG_WEIGHTS, state.weights},
        {DNNL_ARG_DST, dnnl::memory(kernel.y, Engine(), y)},
        {DNNL_ARG_SCRATCHPAD,
         dnnl::memory(kernel.scratchpad, Engine(), Scratch(kernel.scratchpad.get_size()))}};
    if (state.bias != nullptr) {
      arguments.emplace(DNNL_ARG_BIAS, dnnl::memory(state.plan.bias(), Engine(), state.bias.get()));
    }
    kernel.primitive.execute(Stream(), arguments);
    x += rows * state.in;
    y += rows * state.out;
    m -= rows;
  }
}

int64_t PackedLinear::in() const { return state_->in; }
int64_t PackedLinear::out() const { return state_->out; }
size_t PackedLinear::bytes() const {
  const size_t bias = state_->bias == nullptr ? 0 : static_cast<size_t>(state_->out);
  return state_->weights.get_desc().get_size() + bias * sizeof(float);
}

void Gemm(ConstMatrix a, ConstMatrix b, float* c, int64_t c_stride, int64_t m, int64_t n, int64_t k,
          bool transpose_a, bool transpose_b, float alpha, float beta) {
  if (m == 0 || n == 0) return;
  if (k == 0) {  // a sum of nothing; oneDNN would leave c as it is
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j)
        c[i * c_stride + j] = beta == 0 ? 0 : beta * c[i * c_stride + j];
    }
    return;
  }
  const ScopedThreads threads(m * n * k);
  dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a.data, a.stride,
             b.data, b.stride, beta, c, c_stride);
}

void MatMul(const float* a, const float* b, float* c, int64_t m, int64_t n, int64_t k,
            bool transpose_a, bool transpose_b, float beta) {
  Gemm({a, transpose_a ? m : k}, {b, transpose_b ? k : n}, c, n, m, n, k, transpose_a, transpose_b,
       1.0f, beta);
}

}  // namespace tact

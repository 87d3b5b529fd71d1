#include "common/kernels/onednn_linear.h"

#include <dnnl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "common/kernels/linear_kernel.h"

namespace tact {
namespace {

using Format = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;
using Descriptor = dnnl::memory::desc;

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

}  // namespace

// The primitives of one weight shape, shared by all layers of that shape: made on first use, kept
// for the life of the process.
class OneDnnPlan {
 public:
  struct Kernel {
    size_t id;  // counts all kernels of the process
    dnnl::matmul primitive;
    Descriptor x, y, scratchpad;
  };

  OneDnnPlan(const OneDnnTypes& types, int64_t out, int64_t in, bool bias)
      : types_(types), out_(out), in_(in), has_bias_(bias) {
    // What the CPU likes for a middling row count serves all counts.
    const Descriptor any({in, out}, types.weight, Format::any);
    weights_ = Describe(64, any, /*accumulate=*/false).weights_desc();
  }

  static const OneDnnPlan& Get(const OneDnnTypes& types, int64_t out, int64_t in, bool bias) {
    static auto* mutex = new std::mutex;
    static auto* plans =
        new std::map<std::tuple<Type, int64_t, int64_t, bool>, std::unique_ptr<const OneDnnPlan>>;
    const std::lock_guard lock(*mutex);
    auto& plan = (*plans)[{types.x, out, in, bias}];
    if (plan == nullptr) plan = std::make_unique<const OneDnnPlan>(types, out, in, bias);
    return *plan;
  }

  const Kernel& KernelFor(int64_t rows, bool accumulate) const {
    auto& slot = slots_[(accumulate ? kSlots : 0) + SlotOf(rows)];
    if (const Kernel* kernel = slot.load(std::memory_order_acquire)) return *kernel;
    const std::lock_guard lock(mutex_);
    if (const Kernel* kernel = slot.load(std::memory_order_acquire)) return *kernel;
    static std::atomic<size_t> count{0};
    const auto description = Describe(rows, weights_, accumulate);
    const Kernel* kernel = new Kernel{count++, dnnl::matmul(description), description.src_desc(),
                                      description.dst_desc(), description.scratchpad_desc()};
    slot.store(kernel, std::memory_order_release);
    return *kernel;
  }

  const Descriptor& weights() const { return weights_; }
  Descriptor bias() const { return Descriptor({1, out_}, Type::f32, Format::ab); }

 private:
  dnnl::matmul::primitive_desc Describe(int64_t rows, const Descriptor& weights,
                                        bool accumulate) const {
    const Descriptor x({rows, in_}, types_.x, Format::ab), y({rows, out_}, types_.y, Format::ab);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (accumulate) {
      dnnl::post_ops sum;
      sum.append_sum();
      attributes.set_post_ops(sum);
    }
#if DNNL_VERSION_MAJOR >= 3  // Debian 13; oneDNN 3 dropped the operation descriptors
    using Primitive = dnnl::matmul::primitive_desc;
    return has_bias_ ? Primitive(Engine(), x, weights, bias(), y, attributes)
                     : Primitive(Engine(), x, weights, y, attributes);
#else
    const auto operation =
        has_bias_ ? dnnl::matmul::desc(x, weights, bias(), y) : dnnl::matmul::desc(x, weights, y);
    return dnnl::matmul::primitive_desc(operation, attributes, Engine());
#endif
  }

  OneDnnTypes types_;
  int64_t out_, in_;
  bool has_bias_;
  Descriptor weights_;
  mutable std::mutex mutex_;
  mutable std::array<std::atomic<const Kernel*>, 2 * kSlots> slots_{};
};

namespace {

// One thread's objects for one kernel, which are pointed at other data in each call.
struct Arguments {
  dnnl::memory x, y, scratchpad;
};

Arguments& ThreadArguments(const OneDnnPlan::Kernel& kernel) {
  thread_local std::vector<std::unique_ptr<Arguments>> all;
  if (all.size() <= kernel.id) all.resize(kernel.id + 1);
  std::unique_ptr<Arguments>& arguments = all[kernel.id];
  if (arguments == nullptr) {
    arguments = std::make_unique<Arguments>(Arguments{
        dnnl::memory(kernel.x, Engine(), nullptr), dnnl::memory(kernel.y, Engine(), nullptr),
        dnnl::memory(kernel.scratchpad, Engine(), nullptr)});
  }
  return *arguments;
}

}  // namespace

OneDnnLinear::OneDnnLinear(const OneDnnTypes& types, const void* weight, const float* bias,
                           int64_t out, int64_t in)
    : out_(out),
      in_(in),
      types_(types),
      plan_(OneDnnPlan::Get(types, out, in, bias != nullptr)),
      weights_(plan_.weights(), Engine()),
      bias_(plan_.bias(), Engine(), const_cast<float*>(bias)) {
  dnnl::memory source(Descriptor({in, out}, types.weight, Format::ba), Engine(),
                      const_cast<void*>(weight));
  dnnl::reorder(source, weights_).execute(Stream(), source, weights_);
  Stream().wait();
}

void OneDnnLinear::Forward(const void* x, void* y, int64_t m, bool accumulate) const {
  const auto* from = static_cast<const std::byte*>(x);
  auto* to = static_cast<std::byte*>(y);
  while (m > 0) {
    const int64_t rows = NextPiece(m);
    const ScopedThreads threads(rows * in_ * out_);
    Execute(rows, from, to, accumulate);
    from += rows * in_ * static_cast<int64_t>(dnnl::memory::data_type_size(types_.x));
    to += rows * out_ * static_cast<int64_t>(dnnl::memory::data_type_size(types_.y));
    m -= rows;
  }
}

void OneDnnLinear::Execute(int64_t rows, const void* x, void* y, bool accumulate) const {
  struct Scratch;
  const OneDnnPlan::Kernel& kernel = plan_.KernelFor(rows, accumulate);
  Arguments& arguments = ThreadArguments(kernel);
  arguments.x.set_data_handle(const_cast<void*>(x));
  arguments.y.set_data_handle(y);
  arguments.scratchpad.set_data_handle(
      ThreadBuffer<float, Scratch>(kernel.scratchpad.get_size() / sizeof(float) + 1));
  const std::array<dnnl_exec_arg_t, 5> all = {{{DNNL_ARG_SRC, arguments.x.get()},
                                               {DNNL_ARG_WEIGHTS, weights_.get()},
                                               {DNNL_ARG_DST, arguments.y.get()},
                                               {DNNL_ARG_SCRATCHPAD, arguments.scratchpad.get()},
                                               {DNNL_ARG_BIAS, bias_.get()}}};
  const int count = bias_.get_data_handle() == nullptr ? 4 : 5;
  const dnnl_status_t status =
      dnnl_primitive_execute(kernel.primitive.get(), Stream().get(), count, all.data());
  dnnl::error::wrap_c_api(status, "a product failed");
}

}  // namespace tact

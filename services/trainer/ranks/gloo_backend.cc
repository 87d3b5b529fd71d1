// The header of c10d's gloo group is empty without this.
#define USE_C10D_GLOO

#include "services/trainer/ranks/gloo_backend.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#ifdef TACT_WITH_NCCL
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <utility>
#include <vector>

#include "services/trainer/ranks/c10d_errors.h"
#include "services/trainer/ranks/c10d_store.h"

namespace tact {
namespace {

// Ranks that meet on loopback are on one machine, whose name may lead to nowhere.
std::shared_ptr<gloo::transport::Device> MakeDevice(const RankSettings& settings) {
  using Group = c10d::ProcessGroupGloo;
  if (!settings.interface.empty()) return Group::createDeviceForInterface(settings.interface);
  if (settings.on_loopback()) return Group::createDeviceForHostname("127.0.0.1");
  return Group::createDefaultDevice();
}

}  // namespace

struct GlooBackend::State {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> cpu;
#ifdef TACT_WITH_NCCL
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> gpu;
#endif

  template <typename Exchange>
  absl::Status Run(std::string_view what, const at::Tensor& tensor, Exchange&& exchange) {
    return CatchC10d(what, [&]() -> absl::Status {
      std::vector<at::Tensor> tensors = {tensor};
#ifdef TACT_WITH_NCCL
      if (tensor.is_cuda()) {
        exchange(*gpu, tensors)->wait();
        return absl::OkStatus();
      }
#endif
      exchange(*cpu, tensors)->wait();
      return absl::OkStatus();
    });
  }
};

GlooBackend::GlooBackend(std::unique_ptr<State> state) : state_(std::move(state)) {}
GlooBackend::~GlooBackend() = default;

absl::StatusOr<std::unique_ptr<GlooBackend>> GlooBackend::Connect(const RankSettings& settings,
                                                                  SharedStore& store,
                                                                  const std::string& prefix,
                                                                  absl::Duration timeout) {
  using Result = absl::StatusOr<std::unique_ptr<GlooBackend>>;
  return CatchC10d("the ranks could not connect to each other", [&]() -> Result {
    auto state = std::make_unique<State>();
    state->store = c10::make_intrusive<c10d::PrefixStore>(
        prefix, MakeC10dStore(store, absl::ToChronoMilliseconds(timeout)));
    const auto options = c10d::ProcessGroupGloo::Options::create();
    options->timeout = absl::ToChronoMilliseconds(timeout);
    options->threads = 1;
    options->devices.push_back(MakeDevice(settings));
    state->cpu = c10::make_intrusive<c10d::ProcessGroupGloo>(state->store, settings.rank,
                                                             settings.world_size, options);
#ifdef TACT_WITH_NCCL
    state->gpu = c10::make_intrusive<c10d::ProcessGroupNCCL>(state->store, settings.rank,
                                                             settings.world_size);
#endif
    return std::unique_ptr<GlooBackend>(new GlooBackend(std::move(state)));
  });
}

absl::Status GlooBackend::AllReduceSum(const at::Tensor& tensor) {
  return state_->Run("a sum over the ranks failed", tensor,
                     [](auto& group, auto& tensors) { return group.allreduce(tensors); });
}

absl::Status GlooBackend::Broadcast(const at::Tensor& tensor) {
  return state_->Run("a broadcast of rank 0 failed", tensor,
                     [](auto& group, auto& tensors) { return group.broadcast(tensors); });
}

}  // namespace tact

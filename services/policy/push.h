// PushWeights: stages a payload under a bound, verifies it, builds weights from it off the engine's
// thread, and swaps them in. Nothing is served before all of it is verified.
#ifndef TACT_SERVICES_POLICY_PUSH_H_
#define TACT_SERVICES_POLICY_PUSH_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/policy/model_registry.h"
#include "tact/v1/policy.pb.h"

namespace tact {

// Bytes that all pushes in flight may stage together.
class StagingBudget {
 public:
  explicit StagingBudget(uint64_t max_bytes) : max_bytes_(max_bytes) {}
  bool TryTake(uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  void Return(uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  uint64_t max_bytes() const { return max_bytes_; }

 private:
  const uint64_t max_bytes_;
  absl::Mutex mutex_;
  uint64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
};

class PushHandler {
 public:
  // `registry` must outlive the handler. Full weights are held as `weight_type`.
  PushHandler(ModelRegistry& registry, const SequenceLimits& limits, WeightType weight_type,
              uint64_t max_bytes)
      : registry_(registry), limits_(limits), weight_type_(weight_type), budget_(max_bytes) {}

  // Reads one message into `*request`; false at the end of the stream.
  using ReadMessage = absl::FunctionRef<bool(v1::PushWeightsRequest* request)>;

  // The whole RPC: what is served under the pushed name afterwards.
  absl::StatusOr<ServedEntry> Handle(ReadMessage read);

 private:
  absl::Status CheckHeader(const v1::PushHeader& header) const;
  absl::StatusOr<std::string> ReadPayload(const v1::PushHeader& header, ReadMessage read) const;
  absl::StatusOr<ServedEntry> Build(const v1::PushHeader& header, const std::string& payload) const;
  absl::StatusOr<ServedEntry> BuildLora(const v1::PushHeader& header,
                                        const SafeTensors& tensors) const;

  ModelRegistry& registry_;
  const SequenceLimits limits_;
  const WeightType weight_type_;
  StagingBudget budget_;
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_PUSH_H_

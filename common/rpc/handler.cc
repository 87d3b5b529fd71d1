#include "common/rpc/handler.h"

#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/metrics.h"

namespace tact {

// The metrics of one method, looked up once: the registry is too slow for each call. All codes are
// there from the first call on, so that a rate over them never misses its first increase.
class MethodMetrics {
 public:
  MethodMetrics(std::string_view service, std::string_view method)
      : labels_{{"grpc_service", std::string(service)}, {"grpc_method", std::string(method)}},
        started_(
            CounterMetric("grpc_server_started_total", "RPCs started on the server.", labels_)),
        seconds_(HistogramMetric("grpc_server_handling_seconds",
                                 "Seconds an RPC took on the server.", LatencyBuckets(), labels_)) {
    for (int code = 0; code < kCodes; ++code) handled_.push_back(&Handled(code));
  }

  void Started() { started_.Increment(); }
  void Finished(absl::StatusCode code, double seconds) {
    seconds_.Observe(seconds);
    const auto at = static_cast<size_t>(code);
    handled_[at < handled_.size() ? at : static_cast<size_t>(absl::StatusCode::kUnknown)]
        ->Increment();
  }

 private:
  static constexpr int kCodes = 17;  // OK to UNAUTHENTICATED

  prometheus::Counter& Handled(int code) const {
    MetricLabels labels = labels_;
    labels["grpc_code"] = absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
    return CounterMetric("grpc_server_handled_total", "RPCs completed on the server.", labels);
  }

  const MetricLabels labels_;
  prometheus::Counter& started_;
  prometheus::Histogram& seconds_;
  std::vector<prometheus::Counter*> handled_;  // by code
};

namespace {

MethodMetrics& MetricsOf(std::string_view service, std::string_view method) {
  static absl::Mutex mutex;
  static auto& all = *new std::map<std::pair<std::string, std::string>, MethodMetrics>();
  absl::MutexLock lock(&mutex);
  const auto found =
      all.try_emplace({std::string(service), std::string(method)}, service, method).first;
  return found->second;
}

}  // namespace

CallRecord::CallRecord(std::string_view service, std::string_view method)
    : metrics_(MetricsOf(service, method)) {
  metrics_.Started();
}

void CallRecord::Finish(const absl::Status& status) {
  metrics_.Finished(status.code(), watch_.Seconds());
}

}  // namespace tact

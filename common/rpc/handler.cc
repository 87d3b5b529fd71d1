#include "common/rpc/handler.h"

#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/metrics.h"

namespace tact {
namespace {

MetricLabels Labels(std::string_view service, std::string_view method) {
  return {{"grpc_service", std::string(service)}, {"grpc_method", std::string(method)}};
}

double NowSeconds() { return absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()); }

}  // namespace

CallRecord::CallRecord(std::string_view service, std::string_view method)
    : service_(service), method_(method), started_seconds_(NowSeconds()) {
  CounterMetric("grpc_server_started_total", "RPCs started on the server.", Labels(service, method))
      .Increment();
}

void CallRecord::Finish(const absl::Status& status) {
  auto labels = Labels(service_, method_);
  HistogramMetric("grpc_server_handling_seconds", "Seconds an RPC took on the server.",
                  LatencyBuckets(), labels)
      .Observe(NowSeconds() - started_seconds_);
  labels["grpc_code"] = absl::StatusCodeToString(status.code());
  CounterMetric("grpc_server_handled_total", "RPCs completed on the server.", labels).Increment();
}

}  // namespace tact

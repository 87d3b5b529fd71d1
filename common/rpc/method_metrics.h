// The grpc_server_* metrics of the methods, under the names, labels and code names of
// go-grpc-prometheus (grpc_type, grpc_service, grpc_method, grpc_code), so that its dashboards and
// rules work as they are.
#ifndef TACT_COMMON_RPC_METHOD_METRICS_H_
#define TACT_COMMON_RPC_METHOD_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/base/metrics.h"

namespace tact {

// The name of a code as Go's gRPC writes it: "OK", "InvalidArgument" ...
std::string_view GoCodeName(absl::StatusCode code);

class MethodMetrics {
 public:
  MethodMetrics(std::string_view service, std::string_view method);

  // Of that method, made at the first call; stays valid for ever. `service` is its full name.
  static MethodMetrics& Of(std::string_view service, std::string_view method);
  // Makes those of all methods of a service, so that a rate never misses its first increase.
  static void InitialiseAll(std::string_view service);

  void Started();
  // One response message goes out where a call with a single response is OK.
  void Finished(absl::StatusCode code, double seconds);
  // A message of a stream.
  void Received() { received_.Increment(); }
  void Sent() { sent_.Increment(); }

 private:
  const bool client_streams_, server_streams_;
  const MetricLabels labels_;
  prometheus::Counter& started_;
  prometheus::Counter& received_;
  prometheus::Counter& sent_;
  prometheus::Histogram& seconds_;
  std::vector<prometheus::Counter*> handled_;  // by code
};

}  // namespace tact

#endif  // TACT_COMMON_RPC_METHOD_METRICS_H_

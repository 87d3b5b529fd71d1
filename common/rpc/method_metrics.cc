#include "common/rpc/method_metrics.h"

#include <google/protobuf/descriptor.h>

#include <array>
#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr std::array<std::string_view, 17> kCodes = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

const google::protobuf::MethodDescriptor* Find(std::string_view service, std::string_view method) {
  return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
      StrCat(service, ".", method));
}

bool ClientStreams(std::string_view service, std::string_view method) {
  const auto* found = Find(service, method);
  return found != nullptr && found->client_streaming();
}

bool ServerStreams(std::string_view service, std::string_view method) {
  const auto* found = Find(service, method);
  return found != nullptr && found->server_streaming();
}

const char* TypeName(bool client_streams, bool server_streams) {
  if (client_streams) return server_streams ? "bidi_stream" : "client_stream";
  return server_streams ? "server_stream" : "unary";
}

MetricLabels WithCode(MetricLabels labels, std::string_view code) {
  labels["grpc_code"] = std::string(code);
  return labels;
}

}  // namespace

std::string_view GoCodeName(absl::StatusCode code) {
  const auto at = static_cast<size_t>(code);
  return kCodes[at < kCodes.size() ? at : static_cast<size_t>(absl::StatusCode::kUnknown)];
}

MethodMetrics::MethodMetrics(std::string_view service, std::string_view method)
    : client_streams_(ClientStreams(service, method)),
      server_streams_(ServerStreams(service, method)),
      labels_{{"grpc_type", TypeName(client_streams_, server_streams_)},
              {"grpc_service", std::string(service)},
              {"grpc_method", std::string(method)}},
      started_(CounterMetric("grpc_server_started_total", "RPCs started on the server.", labels_)),
      received_(CounterMetric("grpc_server_msg_received_total",
                              "Messages of RPCs received on the server.", labels_)),
      sent_(CounterMetric("grpc_server_msg_sent_total", "Messages of RPCs sent by the server.",
                          labels_)),
      seconds_(HistogramMetric("grpc_server_handling_seconds", "Seconds an RPC took on the server.",
                               LatencyBuckets(), labels_)) {
  for (const std::string_view code : kCodes) {
    handled_.push_back(&CounterMetric("grpc_server_handled_total",
                                      "RPCs completed on the server, whatever the result.",
                                      WithCode(labels_, code)));
  }
}

// The registry is too slow for each call.
MethodMetrics& MethodMetrics::Of(std::string_view service, std::string_view method) {
  static absl::Mutex mutex(absl::kConstInit);
  static auto& all = *new std::map<std::pair<std::string, std::string>, MethodMetrics>();
  absl::MutexLock lock(&mutex);
  return all.try_emplace({std::string(service), std::string(method)}, service, method)
      .first->second;
}

void MethodMetrics::InitialiseAll(std::string_view service) {
  const auto* found =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(std::string(service));
  for (int i = 0; found != nullptr && i < found->method_count(); ++i) {
    Of(service, found->method(i)->name());
  }
}

void MethodMetrics::Started() {
  started_.Increment();
  if (!client_streams_) received_.Increment();
}

void MethodMetrics::Finished(absl::StatusCode code, double seconds) {
  seconds_.Observe(seconds);
  if (!server_streams_ && code == absl::StatusCode::kOk) sent_.Increment();
  const auto at = static_cast<size_t>(code);
  handled_[at < handled_.size() ? at : static_cast<size_t>(absl::StatusCode::kUnknown)]
      ->Increment();
}

}  // namespace tact

#include "services/tactctl/health.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <vector>

namespace tact::ctl {
namespace {

constexpr char kMethod[] = "/grpc.health.v1.Health/Check";
constexpr std::string_view kServing("\x08\x01", 2);  // HealthCheckResponse{status: SERVING}

// HealthCheckRequest{service: name}; names are shorter than 128 bytes.
grpc::ByteBuffer RequestFor(std::string_view service) {
  std::string bytes = {'\x0a', static_cast<char>(service.size())};
  bytes += service;
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace

Health CheckHealth(const std::string& address, std::string_view service, double seconds,
                   const ClientCredentials& credentials) {
  return CheckHealth(MakeChannel(address, {.credentials = credentials}), service, seconds);
}

Health CheckHealth(const std::shared_ptr<grpc::Channel>& channel, std::string_view service,
                   double seconds) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  SetDeadline(context, seconds);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, kMethod, RequestFor(service), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) return Health::kUnreachable;
  return BytesOf(response) == kServing ? Health::kServing : Health::kNotServing;
}

std::string HealthName(Health health) {
  switch (health) {
    case Health::kServing:
      return "serving";
    case Health::kNotServing:
      return "not serving";
    case Health::kUnreachable:
      break;
  }
  return "unreachable";
}

}  // namespace tact::ctl

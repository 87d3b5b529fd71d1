#include "tests/fuzz/raw_call.h"

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <utility>

#include "common/rpc/channel.h"

namespace tact::fuzz {
namespace {

constexpr size_t kMaxReply = 64 << 20;

bool Next(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok;
}

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (!buffer.Dump(&slices).ok()) return out;
  for (const grpc::Slice& slice : slices) {
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return out;
}

using Stream = grpc::GenericClientAsyncReaderWriter;

void SendAll(Stream& stream, const std::vector<std::string>& requests,
             grpc::CompletionQueue& queue) {
  for (const std::string& request : requests) {
    stream.Write(BufferOf(request), nullptr);
    if (!Next(queue)) return;
  }
  stream.WritesDone(nullptr);
  Next(queue);
}

std::vector<std::string> ReadAll(Stream& stream, grpc::ClientContext& context,
                                 grpc::CompletionQueue& queue) {
  std::vector<std::string> out;
  size_t size = 0;
  while (true) {
    grpc::ByteBuffer buffer;
    stream.Read(&buffer, nullptr);
    if (!Next(queue)) return out;
    out.push_back(BytesOf(buffer));
    size += out.back().size();
    if (size > kMaxReply) context.TryCancel();
  }
}

}  // namespace

RawReply CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                 const std::vector<std::string>& requests, double seconds) {
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  SetDeadline(context, seconds);
  grpc::GenericStub stub(channel);
  const auto stream = stub.PrepareCall(&context, method, &queue);
  stream->StartCall(nullptr);
  RawReply reply;
  if (Next(queue)) {
    SendAll(*stream, requests, queue);
    reply.messages = ReadAll(*stream, context, queue);
  }
  stream->Finish(&reply.status, nullptr);
  Next(queue);
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find("tact-error-detail-bin");
  if (found != trailers.end()) {
    reply.error_detail.assign(found->second.data(), found->second.size());
  }
  return reply;
}

}  // namespace tact::fuzz

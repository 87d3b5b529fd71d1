// How tact's messages are read from the wire: text that is not UTF-8 gets an INVALID_ARGUMENT that
// names the field. Without it gRPC answers INTERNAL with an empty message.
#ifndef TACT_PROTO_UTF8_DESERIALIZE_H_
#define TACT_PROTO_UTF8_DESERIALIZE_H_

#include <google/protobuf/message.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

namespace tact {

// INVALID_ARGUMENT for a message whose parse failed: names the field whose text is no UTF-8, or
// says that the bytes are not such a message. Other packages' messages keep gRPC's own INTERNAL.
grpc::Status ExplainParseFailure(const google::protobuf::MessageLite& message);

}  // namespace tact

namespace grpc {

// gRPC's unary handlers deserialise through the common base of all messages.
template <>
class SerializationTraits<grpc::protobuf::MessageLite, void> {
 public:
  static Status Serialize(const grpc::protobuf::MessageLite& message, ByteBuffer* buffer,
                          bool* own_buffer) {
    return GenericSerialize<ProtoBufferWriter, grpc::protobuf::MessageLite>(message, buffer,
                                                                            own_buffer);
  }

  static Status Deserialize(ByteBuffer* buffer, grpc::protobuf::MessageLite* message) {
    Status status =
        GenericDeserialize<ProtoBufferReader, grpc::protobuf::MessageLite>(buffer, message);
    if (!status.ok() && status.error_message().empty()) return tact::ExplainParseFailure(*message);
    return status;
  }
};

}  // namespace grpc

#endif  // TACT_PROTO_UTF8_DESERIALIZE_H_

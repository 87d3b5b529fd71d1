#include "proto/utf8_deserialize.h"

#include <google/protobuf/descriptor.h>
#include <utf8.h>

#include <optional>
#include <string>

namespace tact {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::optional<std::string> FindBadText(const Message& message, const std::string& path);

bool IsBadText(const std::string& text) { return !utf8::is_valid(text.begin(), text.end()); }

// Looks at element `index` of a repeated field, or at a singular one when index is negative.
std::optional<std::string> CheckField(const Message& message, const FieldDescriptor& field,
                                      int index, const std::string& path) {
  const auto& reflection = *message.GetReflection();
  std::string name = path + field.name();
  if (index >= 0) name += "[" + std::to_string(index) + "]";
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return FindBadText(index < 0 ? reflection.GetMessage(message, &field)
                                 : reflection.GetRepeatedMessage(message, &field, index),
                       name + ".");
  }
  if (field.type() != FieldDescriptor::TYPE_STRING) return std::nullopt;
  const std::string text = index < 0 ? reflection.GetString(message, &field)
                                     : reflection.GetRepeatedString(message, &field, index);
  return IsBadText(text) ? std::optional(name) : std::nullopt;
}

std::optional<std::string> FindBadText(const Message& message, const std::string& path) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 0;
    for (int i = field->is_repeated() ? 0 : -1; i < count; ++i) {
      if (auto found = CheckField(message, *field, i, path)) return found;
      if (i < 0) break;
    }
  }
  return std::nullopt;
}

}  // namespace

grpc::Status ExplainParseFailure(const google::protobuf::MessageLite& lite) {
  const std::string type = lite.GetTypeName();
  if (type.rfind("tact.v1.", 0) != 0) return {grpc::StatusCode::INTERNAL, ""};
  if (auto field = FindBadText(static_cast<const Message&>(lite), "")) {
    return {grpc::StatusCode::INVALID_ARGUMENT,
            *field + ": not valid UTF-8; encode the text as UTF-8 before sending it"};
  }
  return {grpc::StatusCode::INVALID_ARGUMENT,
          "the request is not a " + type +
              "; send the message that the method takes, encoded by a protobuf library"};
}

}  // namespace tact

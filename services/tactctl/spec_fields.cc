#include "services/tactctl/spec_fields.h"

#include <google/protobuf/descriptor.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact::ctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// "SCHEDULE_LINEAR" is "linear": what stands in front is what stands before UNSPECIFIED.
std::string ShortName(const EnumDescriptor& type, const std::string& name) {
  const std::string unset = type.FindValueByNumber(0)->name();
  const size_t prefix = unset.find("UNSPECIFIED");
  const size_t cut = prefix == unset.npos ? 0 : prefix;
  return absl::AsciiStrToLower(name.size() > cut ? name.substr(cut) : name);
}

std::string Choices(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 1; i < type.value_count(); ++i) {
    names.push_back(ShortName(type, type.value(i)->name()));
  }
  return absl::StrJoin(names, ", ");
}

std::string FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return absl::StrJoin(names, ", ");
}

std::string TypeName(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return StrCat("one of ", Choices(*field.enum_type()));
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "a number, such as 1e-4";
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return "a whole number from 0 on";
    default:
      return "a whole number";
  }
}

const FieldDescriptor* FindField(const Descriptor& type, const std::string& name) {
  return type.FindFieldByName(name);
}

// One setter for a field and for another element of a list.
template <typename Value>
void Put(Message& message, const FieldDescriptor& field,
         void (Reflection::*set)(Message*, const FieldDescriptor*, Value) const,
         void (Reflection::*add)(Message*, const FieldDescriptor*, Value) const, Value value) {
  const Reflection& reflection = *message.GetReflection();
  (reflection.*(field.is_repeated() ? add : set))(&message, &field, value);
}

bool PutEnum(Message& message, const FieldDescriptor& field, const std::string& text) {
  const EnumDescriptor& type = *field.enum_type();
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string name = type.value(i)->name();
    if (!absl::EqualsIgnoreCase(name, text) &&
        ShortName(type, name) != absl::AsciiStrToLower(text)) {
      continue;
    }
    message.GetReflection()->SetEnumValue(&message, &field, type.value(i)->number());
    return true;
  }
  return false;
}

template <typename Value, typename Parse>
bool PutParsed(Message& message, const FieldDescriptor& field, const std::string& text,
               Parse&& parse,
               void (Reflection::*set)(Message*, const FieldDescriptor*, Value) const,
               void (Reflection::*add)(Message*, const FieldDescriptor*, Value) const) {
  Value value{};
  if (!parse(text, &value)) return false;
  Put(message, field, set, add, value);
  return true;
}

bool PutText(Message& message, const FieldDescriptor& field, const std::string& text) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) {
    reflection.AddString(&message, &field, text);
  } else {
    reflection.SetString(&message, &field, text);
  }
  return true;
}

// False where the text is no value of the field's type.
bool PutValue(Message& message, const FieldDescriptor& field, const std::string& text) {
  using R = Reflection;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return PutText(message, field, text);
    case FieldDescriptor::CPPTYPE_ENUM:
      return PutEnum(message, field, text);
    case FieldDescriptor::CPPTYPE_BOOL:
      return PutParsed<bool>(message, field, text, absl::SimpleAtob, &R::SetBool, &R::AddBool);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return PutParsed<double>(message, field, text, absl::SimpleAtod, &R::SetDouble,
                               &R::AddDouble);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return PutParsed<float>(message, field, text, absl::SimpleAtof, &R::SetFloat, &R::AddFloat);
    case FieldDescriptor::CPPTYPE_UINT32:
      return PutParsed<uint32_t>(message, field, text, absl::SimpleAtoi<uint32_t>, &R::SetUInt32,
                                 &R::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return PutParsed<uint64_t>(message, field, text, absl::SimpleAtoi<uint64_t>, &R::SetUInt64,
                                 &R::AddUInt64);
    case FieldDescriptor::CPPTYPE_INT32:
      return PutParsed<int32_t>(message, field, text, absl::SimpleAtoi<int32_t>, &R::SetInt32,
                                &R::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return PutParsed<int64_t>(message, field, text, absl::SimpleAtoi<int64_t>, &R::SetInt64,
                                &R::AddInt64);
    default:
      return false;
  }
}

absl::Status PutAll(Message& message, const FieldDescriptor& field, std::string_view path,
                    const std::string& value) {
  std::vector<std::string> values = {value};
  if (field.is_repeated()) {
    message.GetReflection()->ClearField(&message, &field);
    values = absl::StrSplit(value, absl::ByAnyChar(",+"), absl::SkipEmpty());
  }
  for (const std::string& one : values) {
    if (PutValue(message, field, one)) continue;
    return FieldError(path, one, StrCat("not ", TypeName(field)), "write it as that");
  }
  return absl::OkStatus();
}

std::string Format(const Message& message, const FieldDescriptor& field) {
  const Reflection& r = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return r.GetBool(message, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return ShortName(*field.enum_type(), r.GetEnum(message, &field)->name());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrFormat("%g", r.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrFormat("%g", r.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return StrCat(r.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return StrCat(r.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_INT32:
      return StrCat(r.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return StrCat(r.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_STRING:
      return r.GetString(message, &field);
    default:
      return "";
  }
}

std::string FormatList(const Message& message, const FieldDescriptor& field) {
  const Reflection& r = *message.GetReflection();
  std::vector<std::string> parts;
  for (int i = 0; i < r.FieldSize(message, &field); ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      parts.push_back(r.GetRepeatedString(message, &field, i));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
      parts.push_back(StrCat(r.GetRepeatedInt32(message, &field, i)));
    }
  }
  return absl::StrJoin(parts, ",");
}

void AppendFields(const Message& message, const std::string& prefix,
                  std::vector<std::pair<std::string, std::string>>& out) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    const std::string path = prefix + field->name();
    if (field->is_repeated()) {
      out.emplace_back(path, FormatList(message, *field));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      AppendFields(message.GetReflection()->GetMessage(message, field), path + ".", out);
    } else {
      out.emplace_back(path, Format(message, *field));
    }
  }
}

}  // namespace

absl::Status SetField(Message& message, std::string_view path, std::string_view value) {
  const std::vector<std::string> names = absl::StrSplit(ToAbsl(path), '.');
  Message* at = &message;
  for (size_t i = 0; i < names.size(); ++i) {
    const Descriptor& type = *at->GetDescriptor();
    const FieldDescriptor* field = FindField(type, names[i]);
    if (field == nullptr) {
      return FieldError(path, names[i], "no such field", StrCat("there are ", FieldNames(type)));
    }
    const bool is_group = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    const bool last = i + 1 == names.size();
    if (last && !is_group) return PutAll(*at, *field, path, std::string(value));
    if (!is_group) {
      return FieldError(path, names[i + 1], StrCat(names[i], " has no fields of its own"),
                        StrCat("it takes ", TypeName(*field)));
    }
    if (last || field->is_repeated()) {
      return FieldError(path, value, "a group of fields",
                        StrCat("name one of ", FieldNames(*field->message_type())));
    }
    at = at->GetReflection()->MutableMessage(at, field);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::pair<std::string, std::string>> SplitAssignment(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == text.npos) {
    return FieldError("path=value", text, "no assignment",
                      "write it like optimizer.learning_rate=1e-4");
  }
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

std::vector<std::pair<std::string, std::string>> SetFields(const Message& message) {
  std::vector<std::pair<std::string, std::string>> out;
  AppendFields(message, "", out);
  return out;
}

}  // namespace tact::ctl

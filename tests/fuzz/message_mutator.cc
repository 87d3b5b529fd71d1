#include "tests/fuzz/message_mutator.h"

#include <google/protobuf/descriptor.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace tact::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using std::string_view_literals::operator""sv;

constexpr size_t kMaxMessage = 256 << 10;  // bytes, above which lists do not grow
constexpr std::array<int64_t, 12> kIntegers = {
    0, 1, -1, 2, 63, 1024, 65536, INT32_MAX, INT32_MIN, int64_t{1} << 32, INT64_MAX, INT64_MIN};
constexpr std::array<double, 12> kNumbers = {
    0.0,    -0.0,  1.0,  -1.0, 1e-45,    5e-324,
    3.5e38, 1e308, -1e9, 1e-9, HUGE_VAL, std::numeric_limits<double>::quiet_NaN()};
constexpr std::array kTexts = {""sv,
                               "."sv,
                               ".."sv,
                               "../../etc/passwd"sv,
                               "../outside/secret"sv,
                               "../outside"sv,
                               "/etc"sv,
                               "a/../../outside/secret"sv,
                               "link/secret"sv,
                               "%2e%2e%2foutside"sv,
                               "..\\outside"sv,
                               "a\0b"sv,
                               "../outside/secret\0.json"sv,
                               "\n{\"forged\": 1}\n"sv,
                               "'; DROP TABLE jobs; --"sv,
                               "{dialogue}{summary}{"sv,
                               "base"sv,
                               " "sv,
                               "-1"sv,
                               "1e400"sv,
                               "\xf0\x9f\x98\x80\xe2\x80\xae"sv,
                               "(((((a+)+)+)+)+)+$"sv};

std::string Text(Mutator& mutator, bool any_bytes) {
  const size_t kind = mutator.Below(kTexts.size() + 3);
  if (kind < kTexts.size()) return std::string(kTexts[kind]);
  if (kind == kTexts.size()) return std::string(mutator.Below(300), 'a');
  if (kind == kTexts.size() + 1) return std::string(mutator.Below(20'000), 'x');
  std::string out;
  for (size_t i = mutator.Below(64); i > 0; --i) {
    out.push_back(static_cast<char>(mutator.Below(any_bytes ? 256 : 128)));
  }
  return out;
}

int64_t Integer(Mutator& mutator) {
  return kIntegers[mutator.Below(kIntegers.size())] - static_cast<int64_t>(mutator.Below(2) == 0);
}

// Sets a field, or adds an element to a list.
class FieldSetter {
 public:
  FieldSetter(Message& message, const FieldDescriptor& field, Mutator& mutator)
      : message_(message), reflection_(*message.GetReflection()), field_(field), random_(mutator) {}

  void Set() {
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return Put(static_cast<int32_t>(Integer(random_)), &Reflection::SetInt32,
                   &Reflection::AddInt32);
      case FieldDescriptor::CPPTYPE_INT64:
        return Put(Integer(random_), &Reflection::SetInt64, &Reflection::AddInt64);
      case FieldDescriptor::CPPTYPE_UINT32:
        return Put(static_cast<uint32_t>(Integer(random_)), &Reflection::SetUInt32,
                   &Reflection::AddUInt32);
      case FieldDescriptor::CPPTYPE_UINT64:
        return Put(static_cast<uint64_t>(Integer(random_)), &Reflection::SetUInt64,
                   &Reflection::AddUInt64);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return Put(static_cast<float>(Number()), &Reflection::SetFloat, &Reflection::AddFloat);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Put(Number(), &Reflection::SetDouble, &Reflection::AddDouble);
      case FieldDescriptor::CPPTYPE_BOOL:
        return Put(random_.Below(2) == 1, &Reflection::SetBool, &Reflection::AddBool);
      case FieldDescriptor::CPPTYPE_ENUM:
        return Put(static_cast<int>(random_.Below(3) == 0 ? Integer(random_)
                                                          : static_cast<int64_t>(random_.Below(9))),
                   &Reflection::SetEnumValue, &Reflection::AddEnumValue);
      case FieldDescriptor::CPPTYPE_STRING:
        return Put(Text(random_, field_.type() == FieldDescriptor::TYPE_BYTES),
                   &Reflection::SetString, &Reflection::AddString);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (field_.is_repeated()) {
          reflection_.AddMessage(&message_, &field_);
        } else {
          reflection_.MutableMessage(&message_, &field_);
        }
    }
  }

 private:
  double Number() { return kNumbers[random_.Below(kNumbers.size())]; }

  template <typename Value, typename Setter, typename Adder>
  void Put(Value value, Setter set, Adder add) {
    if (field_.is_repeated()) {
      (reflection_.*add)(&message_, &field_, std::move(value));
    } else {
      (reflection_.*set)(&message_, &field_, std::move(value));
    }
  }

  Message& message_;
  const Reflection& reflection_;
  const FieldDescriptor& field_;
  Mutator& random_;
};

// Two elements change places where there are two, so that any of them is the one that goes.
void ChangeList(Message& message, const FieldDescriptor& field, Mutator& mutator) {
  const Reflection& reflection = *message.GetReflection();
  const int size = reflection.FieldSize(message, &field);
  if (size > 1 && mutator.Below(2) == 0) {
    reflection.SwapElements(&message, &field, static_cast<int>(mutator.Below(size)), size - 1);
  }
  switch (mutator.Below(4)) {
    case 0:
      return size > 0 ? reflection.RemoveLast(&message, &field) : void();
    case 1:
      return reflection.ClearField(&message, &field);
    default:
      break;
  }
  const size_t times = mutator.Below(12) == 0 ? mutator.Below(5000) : 1 + mutator.Below(3);
  if (message.ByteSizeLong() > kMaxMessage) return;
  FieldSetter setter(message, field, mutator);
  for (size_t i = 0; i < times && (i < 64 || i % 64 != 0 || message.ByteSizeLong() < kMaxMessage);
       ++i) {
    setter.Set();
  }
}

// The message within a field that is to be changed in this one's stead, or null.
Message* Within(Message& message, const FieldDescriptor& field, Mutator& mutator) {
  const Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || mutator.Below(8) == 0) return nullptr;
  if (!field.is_repeated()) {
    return reflection.HasField(message, &field) || mutator.Below(3) == 0
               ? reflection.MutableMessage(&message, &field)
               : nullptr;
  }
  const int size = reflection.FieldSize(message, &field);
  return size == 0 ? nullptr
                   : reflection.MutableRepeatedMessage(&message, &field,
                                                       static_cast<int>(mutator.Below(size)));
}

void ChangeField(Message& message, Mutator& mutator) {
  const auto* descriptor = message.GetDescriptor();
  if (descriptor->field_count() == 0) return;
  const FieldDescriptor& field =
      *descriptor->field(static_cast<int>(mutator.Below(descriptor->field_count())));
  if (Message* inner = Within(message, field, mutator)) return ChangeField(*inner, mutator);
  if (field.is_repeated()) return ChangeList(message, field, mutator);
  if (mutator.Below(5) == 0) return message.GetReflection()->ClearField(&message, &field);
  FieldSetter(message, field, mutator).Set();
}

}  // namespace

void MutateMessage(Message& message, Mutator& mutator) {
  for (size_t changes = 1 + mutator.Below(4); changes > 0; --changes) ChangeField(message, mutator);
}

}  // namespace tact::fuzz

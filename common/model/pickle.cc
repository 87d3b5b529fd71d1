#include "common/model/pickle.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/pickle_machine.h"

namespace tact {
namespace {

// Forty thousand tensors; what a pickle may make of one byte is bounded with it.
constexpr size_t kMaxValues = 1'000'000;
constexpr char kSaveAgain[] =
    "save the model as safetensors: model.save_pretrained(folder, safe_serialization=True)";

// Opcodes by their letters in pickletools.
enum Op : uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersId = 'Q',
  kReduce = 'R',
  kBinUnicode = 'X',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kDict = 'd',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kList = 'l',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kSetItems = 'u',
  kEmptyTuple = ')',
  kEmptyList = ']',
  kEmptyDict = '}',
  kProto = 0x80,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95
};

}  // namespace

absl::StatusOr<const PickleValue*> PickleMachine::Run() {
  while (true) {
    ASSIGN_OR_RETURN(const uint64_t op, Unsigned(1));
    if (op == kStop) return Result();
    RETURN_IF_ERROR(Step(static_cast<uint8_t>(op)));
    if (values_.size() + memo_.size() > kMaxValues) {
      return Corrupt(StrCat("more than ", kMaxValues, " values"),
                     "this is more than the tensors of a model need");
    }
  }
}

absl::Status PickleMachine::Corrupt(const std::string& found, const std::string& problem) const {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {"CORRUPT_PICKLE", StrCat(name_, " at byte ", at_), found, kSaveAgain}, problem);
}

absl::Status PickleMachine::Unsafe(std::string_view found, const std::string& problem) const {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {"UNSAFE_PICKLE", name_, std::string(found), kSaveAgain},
                   problem + "; tact reads tensors only and never runs the code of a file");
}

absl::Status PickleMachine::Unexpected(const PickleValue& found, Kind expected) const {
  return Corrupt(std::string(KindName(found.kind)),
                 StrCat("expected a value of type ", KindName(expected)));
}

absl::StatusOr<std::string_view> PickleMachine::Take(uint64_t size) {
  if (size > bytes_.size() - at_) {
    return Corrupt(StrCat(bytes_.size() - at_, " bytes"),
                   StrCat("the pickle ends where ", size, " more bytes are expected"));
  }
  const std::string_view out(reinterpret_cast<const char*>(bytes_.data()) + at_, size);
  at_ += size;
  return out;
}

absl::StatusOr<uint64_t> PickleMachine::Unsigned(size_t size) {
  ASSIGN_OR_RETURN(const std::string_view bytes, Take(size));
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), size);
  return value;
}

absl::StatusOr<int64_t> PickleMachine::Signed(uint64_t size) {
  if (size == 0) return 0;
  if (size > 8) return Corrupt(StrCat(size, " bytes"), "an integer has 64 bits at most");
  ASSIGN_OR_RETURN(const uint64_t value, Unsigned(size));
  const int shift = static_cast<int>(64 - 8 * size);
  return static_cast<int64_t>(value << shift) >> shift;
}

absl::StatusOr<std::string_view> PickleMachine::Line() {
  const auto rest = bytes_.subspan(at_);
  const auto end = std::ranges::find(rest, std::byte{'\n'}) - rest.begin();
  ASSIGN_OR_RETURN(const std::string_view with_end, Take(static_cast<uint64_t>(end) + 1));
  return with_end.substr(0, with_end.size() - 1);
}

absl::Status PickleMachine::Need(size_t count) const {
  if (Reachable() >= count) return absl::OkStatus();
  return Corrupt(StrCat(Reachable(), " values"),
                 StrCat("the stack must hold ", count, " values here"));
}

PickleMachine::Ref PickleMachine::New(Kind kind, int64_t integer, std::string_view text) {
  values_.push_back({kind, DType::kF32, integer, text, {}});
  return &values_.back();
}

absl::Status PickleMachine::Push(Ref value) {
  stack_.push_back(value);
  return absl::OkStatus();
}

absl::StatusOr<PickleMachine::Ref> PickleMachine::Pop() {
  RETURN_IF_ERROR(Need(1));
  const Ref value = stack_.back();
  stack_.pop_back();
  return value;
}

absl::StatusOr<PickleMachine::Ref> PickleMachine::Pop(Kind kind) {
  ASSIGN_OR_RETURN(const Ref value, Pop());
  if (value->kind == kind) return value;
  return Unexpected(*value, kind);
}

PickleMachine::Items PickleMachine::Cut(size_t count) {
  Items out(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  return out;
}

absl::StatusOr<PickleMachine::Items> PickleMachine::CutToMark() {
  if (marks_.empty()) return Corrupt("none", "expected a mark on the stack");
  Items out = Cut(Reachable());
  marks_.pop_back();
  return out;
}

absl::StatusOr<const PickleValue*> PickleMachine::Result() {
  if (stack_.size() != 1 || !marks_.empty() || at_ != bytes_.size()) {
    return Corrupt(StrCat(stack_.size(), " values and ", bytes_.size() - at_, " bytes"),
                   "a pickle ends with one value and no bytes left");
  }
  return stack_.back();
}

absl::Status PickleMachine::Step(uint8_t op) {
  switch (op) {
    case kProto:
    case kNone:
    case kNewTrue:
    case kNewFalse:
    case kBinInt:
    case kBinInt1:
    case kBinInt2:
    case kLong1:
    case kBinFloat:
    case kFrame:
      return Constant(op);
    case kBinUnicode:
    case kShortBinUnicode:
    case kBinUnicode8:
      return Text(op);
    case kAppend:
    case kAppends:
    case kSetItem:
    case kSetItems:
      return Fill(op);
    case kBinGet:
    case kLongBinGet:
    case kBinPut:
    case kLongBinPut:
    case kMemoize:
      return Memo(op);
    case kGlobal:
    case kStackGlobal:
    case kBinPersId:
    case kReduce:
    case kBuild:
      return Object(op);
    default:
      return Container(op);
  }
}

absl::Status PickleMachine::Constant(uint8_t op) {
  if (op == kNone) return Push(New(Kind::kNone));
  if (op == kNewTrue || op == kNewFalse) return Push(New(Kind::kBool, op == kNewTrue));
  if (op == kBinFloat) {
    RETURN_IF_ERROR(Take(8).status());
    return Push(New(Kind::kFloat));
  }
  if (op == kFrame) return Take(8).status();
  if (op == kProto) {
    ASSIGN_OR_RETURN(const uint64_t version, Unsigned(1));
    if (version <= 5) return absl::OkStatus();
    return Corrupt(StrCat("protocol ", version), "pickle protocols go up to 5");
  }
  if (op == kBinInt1 || op == kBinInt2) {
    ASSIGN_OR_RETURN(const uint64_t value, Unsigned(op == kBinInt1 ? 1 : 2));
    return Push(New(Kind::kInt, static_cast<int64_t>(value)));
  }
  uint64_t size = 4;
  if (op == kLong1) {
    ASSIGN_OR_RETURN(size, Unsigned(1));
  }
  ASSIGN_OR_RETURN(const int64_t value, Signed(size));
  return Push(New(Kind::kInt, value));
}

absl::Status PickleMachine::Text(uint8_t op) {
  const size_t width = op == kShortBinUnicode ? 1 : op == kBinUnicode ? 4 : 8;
  ASSIGN_OR_RETURN(const uint64_t size, Unsigned(width));
  ASSIGN_OR_RETURN(const std::string_view text, Take(size));
  return Push(New(Kind::kString, 0, text));
}

absl::Status PickleMachine::Collect(Kind kind, Items items) {
  if (kind == Kind::kDict && items.size() % 2 != 0) {
    return Corrupt(StrCat(items.size(), " values"), "a dict needs as many values as keys");
  }
  const Ref value = New(kind);
  value->items = std::move(items);
  return Push(value);
}

absl::Status PickleMachine::Container(uint8_t op) {
  switch (op) {
    case kMark:
      marks_.push_back(stack_.size());
      return absl::OkStatus();
    case kPop:
      return Pop().status();
    case kPopMark:
      return CutToMark().status();
    case kEmptyTuple:
      return Push(New(Kind::kTuple));
    case kEmptyList:
      return Push(New(Kind::kList));
    case kEmptyDict:
      return Push(New(Kind::kDict));
    case kTuple1:
    case kTuple2:
    case kTuple3:
      RETURN_IF_ERROR(Need(op - kTuple1 + 1u));
      return Collect(Kind::kTuple, Cut(op - kTuple1 + 1u));
    case kTuple:
    case kList:
    case kDict: {
      ASSIGN_OR_RETURN(auto items, CutToMark());
      const Kind kind = op == kTuple ? Kind::kTuple : op == kList ? Kind::kList : Kind::kDict;
      return Collect(kind, std::move(items));
    }
    default:
      return Unsafe(absl::StrFormat("0x%02x", op), "the pickle has an opcode that no tensor needs");
  }
}

absl::Status PickleMachine::Extend(Kind kind, const Items& items) {
  RETURN_IF_ERROR(Need(1));
  PickleValue& target = *stack_.back();
  if (target.kind != kind) return Unexpected(target, kind);
  if (kind == Kind::kDict && items.size() % 2 != 0) {
    return Corrupt(StrCat(items.size(), " values"), "a dict needs as many values as keys");
  }
  target.items.insert(target.items.end(), items.begin(), items.end());
  return absl::OkStatus();
}

absl::Status PickleMachine::Fill(uint8_t op) {
  const Kind kind = op == kAppend || op == kAppends ? Kind::kList : Kind::kDict;
  if (op == kAppends || op == kSetItems) {
    ASSIGN_OR_RETURN(const auto items, CutToMark());
    return Extend(kind, items);
  }
  const size_t count = op == kAppend ? 1 : 2;
  RETURN_IF_ERROR(Need(count));
  return Extend(kind, Cut(count));
}

absl::Status PickleMachine::Recall(uint64_t index) {
  const auto it = memo_.find(index);
  if (it == memo_.end()) return Corrupt(StrCat(index), "the memo has no such value");
  return Push(it->second);
}

absl::Status PickleMachine::Remember(uint64_t index) {
  RETURN_IF_ERROR(Need(1));
  memo_[index] = stack_.back();
  return absl::OkStatus();
}

absl::Status PickleMachine::Memo(uint8_t op) {
  if (op == kMemoize) return Remember(memo_.size());
  const bool is_long = op == kLongBinGet || op == kLongBinPut;
  ASSIGN_OR_RETURN(const uint64_t index, Unsigned(is_long ? 4 : 1));
  return op == kBinGet || op == kLongBinGet ? Recall(index) : Remember(index);
}

absl::Status PickleMachine::Object(uint8_t op) {
  switch (op) {
    case kStackGlobal:
      return StackGlobal();
    case kBinPersId:
      return PersistentId();
    case kReduce:
      return Reduce();
    case kBuild:
      return Build();
    default:
      return ReadGlobal();
  }
}

std::string_view KindName(PickleValue::Kind kind) {
  constexpr std::array<std::string_view, 11> kNames = {
      "None", "bool", "int", "float", "str", "tuple", "list", "dict", "type", "storage", "tensor"};
  return kNames[static_cast<size_t>(kind)];
}

absl::StatusOr<Pickle> Pickle::Parse(std::span<const std::byte> bytes, std::string_view name) {
  Pickle out;
  ASSIGN_OR_RETURN(out.root_, PickleMachine(bytes, name, out.values_).Run());
  return out;
}

}  // namespace tact

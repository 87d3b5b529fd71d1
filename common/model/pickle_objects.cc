// Globals of a pickle: which ones there are, and what calling them makes.
#include <algorithm>
#include <array>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/pickle_machine.h"

namespace tact {
namespace {

// What a pickle may call, and the storage classes that a persistent id may name.
enum class Callable { kOrderedDict, kTensor, kTensorV2, kParameter, kStorageClass };
struct Global {
  std::string_view name;
  Callable callable;
  DType dtype = DType::kF32;
};
constexpr std::array<Global, 14> kGlobals = {
    {{"collections.OrderedDict", Callable::kOrderedDict},
     {"torch._utils._rebuild_tensor", Callable::kTensor},
     {"torch._utils._rebuild_tensor_v2", Callable::kTensorV2},
     {"torch._utils._rebuild_parameter", Callable::kParameter},
     {"torch.DoubleStorage", Callable::kStorageClass, DType::kF64},
     {"torch.FloatStorage", Callable::kStorageClass, DType::kF32},
     {"torch.HalfStorage", Callable::kStorageClass, DType::kF16},
     {"torch.BFloat16Storage", Callable::kStorageClass, DType::kBF16},
     {"torch.LongStorage", Callable::kStorageClass, DType::kI64},
     {"torch.IntStorage", Callable::kStorageClass, DType::kI32},
     {"torch.ShortStorage", Callable::kStorageClass, DType::kI16},
     {"torch.CharStorage", Callable::kStorageClass, DType::kI8},
     {"torch.ByteStorage", Callable::kStorageClass, DType::kU8},
     {"torch.BoolStorage", Callable::kStorageClass, DType::kBool}}};

}  // namespace

absl::Status PickleMachine::ReadGlobal() {
  ASSIGN_OR_RETURN(const std::string_view module, Line());
  ASSIGN_OR_RETURN(const std::string_view name, Line());
  return FindGlobal(module, name);
}

absl::Status PickleMachine::FindGlobal(std::string_view module, std::string_view name) {
  const std::string full = StrCat(module, ".", name);
  const auto it = std::ranges::find(kGlobals, full, &Global::name);
  if (it == kGlobals.end()) {
    return Unsafe(full, "the pickle names a Python object that is no tensor");
  }
  return Push(New(Kind::kGlobal, it - kGlobals.begin()));
}

absl::Status PickleMachine::StackGlobal() {
  ASSIGN_OR_RETURN(const Ref name, Pop(Kind::kString));
  ASSIGN_OR_RETURN(const Ref module, Pop(Kind::kString));
  return FindGlobal(module->text, name->text);
}

// ("storage", class, key, device, number of elements)
absl::Status PickleMachine::PersistentId() {
  ASSIGN_OR_RETURN(const Ref id, Pop(Kind::kTuple));
  constexpr std::array<Kind, 5> kKinds = {Kind::kString, Kind::kGlobal, Kind::kString,
                                          Kind::kString, Kind::kInt};
  if (!std::ranges::equal(id->items, kKinds, {}, &PickleValue::kind) ||
      id->items[0]->text != "storage") {
    return Corrupt(StrCat("a tuple of ", id->items.size()),
                   "a persistent id is ('storage', class, key, device, number of elements)");
  }
  const Global& global = kGlobals[static_cast<size_t>(id->items[1]->integer)];
  if (global.callable != Callable::kStorageClass) {
    return Corrupt(std::string(global.name), "expected a class of storages");
  }
  const Ref storage = New(Kind::kStorage, id->items[4]->integer, id->items[2]->text);
  storage->dtype = global.dtype;
  return Push(storage);
}

absl::Status PickleMachine::Reduce() {
  ASSIGN_OR_RETURN(const Ref arguments, Pop(Kind::kTuple));
  ASSIGN_OR_RETURN(const Ref function, Pop(Kind::kGlobal));
  const Global& global = kGlobals[static_cast<size_t>(function->integer)];
  switch (global.callable) {
    case Callable::kOrderedDict:
      if (!arguments->items.empty()) return Corrupt("arguments", "expected an empty OrderedDict");
      return Push(New(Kind::kDict));
    case Callable::kTensor:
      return RebuildTensor(*arguments, 4);
    case Callable::kTensorV2:
      return RebuildTensor(*arguments, 6);
    case Callable::kParameter:
      return RebuildParameter(*arguments);
    case Callable::kStorageClass:
      return Unsafe(global.name, "the pickle makes a storage that is not in the archive");
  }
  return absl::OkStatus();
}

// (storage, offset, sizes, strides, requires_grad, hooks, ...)
absl::Status PickleMachine::RebuildTensor(const PickleValue& arguments, size_t least) {
  constexpr std::array<Kind, 4> kKinds = {Kind::kStorage, Kind::kInt, Kind::kTuple, Kind::kTuple};
  const auto& items = arguments.items;
  if (items.size() < least ||
      !std::ranges::equal(std::span(items).first(4), kKinds, {}, &PickleValue::kind)) {
    return Corrupt(StrCat(items.size(), " arguments"),
                   "a tensor is made of a storage, an offset, sizes and strides");
  }
  const Ref tensor = New(Kind::kTensor, items[1]->integer);
  tensor->items = {items[0], items[2], items[3]};
  return Push(tensor);
}

// (tensor, requires_grad, hooks)
absl::Status PickleMachine::RebuildParameter(const PickleValue& arguments) {
  if (arguments.items.empty() || arguments.items[0]->kind != Kind::kTensor) {
    return Corrupt(StrCat(arguments.items.size(), " arguments"), "a parameter is made of a tensor");
  }
  const PickleValue& tensor = *arguments.items[0];
  const Ref copy = New(Kind::kTensor, tensor.integer);
  copy->items = tensor.items;
  return Push(copy);
}

// Attributes of a state_dict (its _metadata) say nothing about tensors.
absl::Status PickleMachine::Build() {
  RETURN_IF_ERROR(Pop(Kind::kDict).status());
  RETURN_IF_ERROR(Need(1));
  if (stack_.back()->kind == Kind::kDict) return absl::OkStatus();
  return Unsafe(KindName(stack_.back()->kind), "the pickle sets attributes of an object");
}

}  // namespace tact

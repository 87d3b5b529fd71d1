// Reads the pickle of a file that torch.save wrote, without running anything: it builds dict, list,
// tuple, str, int, bool, None and descriptions of tensors and storages, and refuses every other
// global. (Opcodes: Python's pickletools; reductions: torch/_utils.py and torch/serialization.py.)
#ifndef TACT_COMMON_MODEL_PICKLE_H_
#define TACT_COMMON_MODEL_PICKLE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/tensor_view.h"

namespace tact {

struct PickleValue {
  enum class Kind {
    kNone,
    kBool,
    kInt,
    kFloat,  // its value is not kept
    kString,
    kTuple,
    kList,
    kDict,     // also OrderedDict
    kGlobal,   // one of those that may be called
    kStorage,  // of a persistent id
    kTensor
  };

  Kind kind = Kind::kNone;
  DType dtype = DType::kF32;  // of a storage
  int64_t integer = 0;        // a bool or int; elements of a storage; a tensor's storage offset
  std::string_view text;      // a string, or the key of a storage; lies in the pickle
  // Of a tuple or list; key, value, key, value ... of a dict; storage, sizes, strides of a tensor.
  std::vector<const PickleValue*> items;
};

std::string_view KindName(PickleValue::Kind kind);  // Python's name of the type

class Pickle {
 public:
  // `bytes` must outlive the object; `name` is for errors. INVALID_ARGUMENT names what was found:
  // UNSAFE_PICKLE for a global that is not built, CORRUPT_PICKLE for everything else.
  static absl::StatusOr<Pickle> Parse(std::span<const std::byte> bytes, std::string_view name);

  const PickleValue& root() const { return *root_; }

 private:
  std::deque<PickleValue> values_;  // may refer to each other, in circles too
  const PickleValue* root_ = nullptr;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_PICKLE_H_

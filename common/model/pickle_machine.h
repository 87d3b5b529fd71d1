// The stack machine behind Pickle: bytes, stack, marks and memo, as pickletools describes them.
#ifndef TACT_COMMON_MODEL_PICKLE_MACHINE_H_
#define TACT_COMMON_MODEL_PICKLE_MACHINE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/pickle.h"

namespace tact {

class PickleMachine {
 public:
  // New values go to `values`, where they stay.
  PickleMachine(std::span<const std::byte> bytes, std::string_view name,
                std::deque<PickleValue>& values)
      : bytes_(bytes), name_(name), values_(values) {}

  absl::StatusOr<const PickleValue*> Run();

 private:
  using Kind = PickleValue::Kind;
  using Ref = PickleValue*;
  using Items = std::vector<const PickleValue*>;

  absl::Status Corrupt(const std::string& found, const std::string& problem) const;
  absl::Status Unsafe(std::string_view found, const std::string& problem) const;
  absl::Status Unexpected(const PickleValue& found, Kind expected) const;

  absl::StatusOr<std::string_view> Take(uint64_t size);
  absl::StatusOr<uint64_t> Unsigned(size_t size);
  absl::StatusOr<int64_t> Signed(uint64_t size);
  absl::StatusOr<std::string_view> Line();

  // What lies below the last mark is out of reach.
  size_t Reachable() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }
  absl::Status Need(size_t count) const;
  Ref New(Kind kind, int64_t integer = 0, std::string_view text = {});
  absl::Status Push(Ref value);
  absl::StatusOr<Ref> Pop();
  absl::StatusOr<Ref> Pop(Kind kind);
  Items Cut(size_t count);
  absl::StatusOr<Items> CutToMark();
  absl::StatusOr<const PickleValue*> Result();

  // One opcode of each kind.
  absl::Status Step(uint8_t op);
  absl::Status Constant(uint8_t op);
  absl::Status Text(uint8_t op);
  absl::Status Container(uint8_t op);
  absl::Status Fill(uint8_t op);
  absl::Status Memo(uint8_t op);
  absl::Status Object(uint8_t op);

  absl::Status Collect(Kind kind, Items items);
  absl::Status Extend(Kind kind, const Items& items);
  absl::Status Recall(uint64_t index);
  absl::Status Remember(uint64_t index);

  // pickle_objects.cc: globals, and what they are called for.
  absl::Status ReadGlobal();
  absl::Status FindGlobal(std::string_view module, std::string_view name);
  absl::Status StackGlobal();
  absl::Status PersistentId();
  absl::Status Reduce();
  absl::Status RebuildTensor(const PickleValue& arguments, size_t least);
  absl::Status RebuildParameter(const PickleValue& arguments);
  absl::Status Build();

  std::span<const std::byte> bytes_;
  std::string name_;
  std::deque<PickleValue>& values_;
  size_t at_ = 0;
  std::vector<Ref> stack_;
  std::vector<size_t> marks_;  // heights of the stack
  std::unordered_map<uint64_t, Ref> memo_;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_PICKLE_MACHINE_H_

// One weight made of tensors that stand on one another, read a few rows at a time as finite f32, by
// several threads at once; what was read of a mapped file leaves memory again.
#ifndef TACT_COMMON_MODEL_STACKED_TENSORS_H_
#define TACT_COMMON_MODEL_STACKED_TENSORS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/model/tensor_view.h"

namespace tact {

class StackedTensors {
 public:
  struct Part {
    TensorView view;    // [rows, ...]; rows of all parts have the same size
    std::string where;  // file and name, for errors
  };
  // Called with bytes that were read and will not be read again.
  using Release = std::function<void(std::span<const std::byte>)>;

  explicit StackedTensors(std::vector<Part> parts, Release release = {});

  int64_t rows() const { return rows_; }          // of all parts
  int64_t row_size() const { return row_size_; }  // elements; 1 for a vector

  // Rows [first, first + count) into `out`; what is wrong with them is kept for status().
  void Read(int64_t first, int64_t count, float* out);

  // INVALID_ARGUMENT names the first tensor read that is not of floats or has a value that is not
  // finite.
  absl::Status status() const;

 private:
  void ReadPart(const Part& part, int64_t first, int64_t count, float* out);
  void Keep(const Part* part, int64_t element, absl::Status status);

  const std::vector<Part> parts_;
  const Release release_;
  int64_t rows_ = 0, row_size_ = 1;
  mutable std::mutex mutex_;
  // The first that is wrong by place, whichever thread met it first.
  const Part* bad_part_ = nullptr;
  int64_t bad_element_ = 0;
  absl::Status status_;
};

}  // namespace tact

#endif  // TACT_COMMON_MODEL_STACKED_TENSORS_H_

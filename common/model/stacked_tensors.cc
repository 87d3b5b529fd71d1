#include "common/model/stacked_tensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

int64_t RowsOf(const TensorView& view) { return view.shape.empty() ? 1 : view.shape[0]; }

// Without a branch for each value.
bool AllFinite(std::span<const float> values) {
  uint32_t greatest = 0;
  for (const float value : values) {
    greatest = std::max(greatest, std::bit_cast<uint32_t>(value) & 0x7fffffffu);
  }
  return greatest < 0x7f800000u;
}

absl::Status NotFinite(const std::string& where, float value, int64_t element) {
  return FieldError(where, StrCat(value, " at element ", element),
                    "the tensor has a value that is not finite",
                    "send weights without NaN or infinity");
}

}  // namespace

StackedTensors::StackedTensors(std::vector<Part> parts, Release release)
    : parts_(std::move(parts)), release_(std::move(release)) {
  for (const Part& part : parts_) rows_ += RowsOf(part.view);
  const TensorView& first = parts_.front().view;
  row_size_ = RowsOf(first) == 0 ? 0 : first.num_elements() / RowsOf(first);
}

void StackedTensors::Read(int64_t first, int64_t count, float* out) {
  for (const Part& part : parts_) {
    const int64_t rows = RowsOf(part.view), here = std::min(count, rows - first);
    if (here > 0) {
      ReadPart(part, first, here, out);
      out += here * row_size_;
      count -= here;
    }
    first = std::max<int64_t>(0, first - rows);
  }
}

void StackedTensors::ReadPart(const Part& part, int64_t first, int64_t count, float* out) {
  const auto element = static_cast<int64_t>(DTypeSize(part.view.dtype));
  const auto bytes = part.view.data.subspan(static_cast<size_t>(first * row_size_ * element),
                                            static_cast<size_t>(count * row_size_ * element));
  const std::span<float> values(out, static_cast<size_t>(count * row_size_));
  const absl::Status status =
      CopyToFloat({part.view.dtype, {count, row_size_}, bytes}, part.where, values);
  if (!status.ok()) return Keep(&part, 0, status);
  if (release_) release_(bytes);
  if (AllFinite(values)) return;
  const auto bad = std::ranges::find_if(values, [](float x) { return !std::isfinite(x); });
  const int64_t at = first * row_size_ + (bad - values.begin());
  Keep(&part, at, NotFinite(part.where, *bad, at));
}

void StackedTensors::Keep(const Part* part, int64_t element, absl::Status status) {
  const std::lock_guard lock(mutex_);
  if (bad_part_ != nullptr && std::pair(bad_part_, bad_element_) < std::pair(part, element)) {
    return;
  }
  bad_part_ = part;
  bad_element_ = element;
  status_ = std::move(status);
}

absl::Status StackedTensors::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace tact

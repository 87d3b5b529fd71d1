// Memory for weights: cut from large blocks that the system may back with huge pages, since every
// decode step streams through all of it. A block goes back to the system with its last piece.
#ifndef TACT_COMMON_KERNELS_WEIGHT_MEMORY_H_
#define TACT_COMMON_KERNELS_WEIGHT_MEMORY_H_

#include <cstddef>
#include <memory>

namespace tact {

// `bytes` of zeros, aligned to 64 bytes; pages that were never written cost address space only.
// May be called from any thread. Throws std::bad_alloc.
std::shared_ptr<std::byte> AllocateWeightMemory(size_t bytes);

// The same as an array of T.
template <typename T>
class WeightArray {
 public:
  WeightArray() = default;
  explicit WeightArray(size_t size) : size_(size), data_(AllocateWeightMemory(size * sizeof(T))) {}

  T* data() { return reinterpret_cast<T*>(data_.get()); }
  const T* data() const { return reinterpret_cast<const T*>(data_.get()); }
  size_t size() const { return size_; }
  size_t bytes() const { return size_ * sizeof(T); }

 private:
  size_t size_ = 0;
  std::shared_ptr<std::byte> data_;
};

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_WEIGHT_MEMORY_H_

#include "common/kernels/weight_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <new>

namespace tact {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kBlock = size_t{32} << 20;
constexpr size_t kAlignment = 64;

size_t RoundUp(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

// A mapping that begins at a huge page.
class Block {
 public:
  explicit Block(size_t size) : mapped_size_(size + kHugePage) {
    void* mapped = ::mmap(nullptr, mapped_size_, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    mapped_ = static_cast<std::byte*>(mapped);
    const auto address = reinterpret_cast<uintptr_t>(mapped_);
    next_ = mapped_ + (RoundUp(address, kHugePage) - address);
    end_ = next_ + size;
    ::madvise(next_, size, MADV_HUGEPAGE);  // where it is refused, small pages serve as well
  }
  ~Block() { ::munmap(mapped_, mapped_size_); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  // Null where it does not fit.
  std::byte* Take(size_t size) {
    if (size > static_cast<size_t>(end_ - next_)) return nullptr;
    std::byte* piece = next_;
    next_ += size;
    return piece;
  }

 private:
  size_t mapped_size_;
  std::byte *mapped_, *next_, *end_;
};

// A piece that keeps its block alive.
std::shared_ptr<std::byte> PieceOf(const std::shared_ptr<Block>& block, size_t size) {
  std::byte* piece = block->Take(size);
  return piece == nullptr ? nullptr : std::shared_ptr<std::byte>(block, piece);
}

}  // namespace

std::shared_ptr<std::byte> AllocateWeightMemory(size_t bytes) {
  static auto* mutex = new std::mutex;
  static auto* last = new std::weak_ptr<Block>;  // what small pieces are cut from
  const size_t size = RoundUp(std::max<size_t>(bytes, 1), kAlignment);
  if (size >= kBlock) return PieceOf(std::make_shared<Block>(RoundUp(size, kHugePage)), size);
  const std::lock_guard lock(*mutex);
  if (const std::shared_ptr<Block> block = last->lock()) {
    if (auto piece = PieceOf(block, size)) return piece;
  }
  const auto block = std::make_shared<Block>(kBlock);
  *last = block;
  return PieceOf(block, size);
}

}  // namespace tact

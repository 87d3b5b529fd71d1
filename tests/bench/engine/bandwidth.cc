#include "tests/bench/engine/bandwidth.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>

#include "common/kernels/cpu.h"
#include "common/kernels/threads.h"
#include "common/kernels/weight_memory.h"
#include "tests/bench/engine/measurement.h"

namespace tact::bench {
namespace {

using Words = uint64_t __attribute__((vector_size(32), may_alias));

constexpr size_t kChunk = size_t{4} << 20;  // bytes that a thread reads at a time

// Sums in four chains, so that no addition waits for the one before.
[[gnu::always_inline]] inline uint64_t SumWords(const std::byte* data) {
  const auto* words = reinterpret_cast<const Words*>(data);
  Words a = {}, b = {}, c = {}, d = {};
  for (size_t i = 0; i < kChunk / sizeof(Words); i += 4) {
    a += words[i];
    b += words[i + 1];
    c += words[i + 2];
    d += words[i + 3];
  }
  a += b + c + d;
  return a[0] + a[1] + a[2] + a[3];
}

uint64_t SumPlain(const std::byte* data) { return SumWords(data); }

#if defined(__x86_64__)
// Wide loads: narrow ones reach two thirds of the speed.
[[gnu::target("avx2")]] uint64_t SumAvx2(const std::byte* data) { return SumWords(data); }
#endif

uint64_t Sum(const std::byte* data) {
#if defined(__x86_64__)
  if (GetCpuFeatures().avx2) return SumAvx2(data);
#endif
  return SumPlain(data);
}

}  // namespace

double MeasureBandwidth(size_t mib, int passes, int threads) {
  const auto chunks = static_cast<int64_t>(std::max<size_t>(1, (mib << 20) / kChunk));
  const size_t size = static_cast<size_t>(chunks) * kChunk;
  const std::shared_ptr<std::byte> buffer = AllocateWeightMemory(size);  // as weights lie
  ParallelFor(chunks, [&](int64_t i) { std::memset(buffer.get() + i * kChunk, 1, kChunk); });
  std::atomic<uint64_t> sum = 0;
  double best = 0;
  for (int pass = 0; pass < passes; ++pass) {
    const UsageWatch watch;
    ParallelFor(chunks, [&](int64_t i) { sum += Sum(buffer.get() + i * kChunk); });
    const Usage usage = watch.Read();
    const double seconds = threads == 1 ? usage.cpu_seconds : usage.seconds;
    best = std::max(best, static_cast<double>(size) / seconds);
  }
  return sum == 0 ? 0 : best;  // the sum is used, so that it is computed
}

}  // namespace tact::bench

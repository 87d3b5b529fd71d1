#include "tests/bench/engine/bandwidth.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>

#include "common/kernels/threads.h"
#include "tests/bench/engine/measurement.h"

namespace tact::bench {
namespace {

using Words = uint64_t __attribute__((vector_size(32)));

constexpr size_t kChunk = size_t{4} << 20;  // bytes that a thread reads at a time

// Sums in four chains, so that no addition waits for the one before.
uint64_t Sum(const std::byte* data) {
  Words sums[4] = {};
  for (size_t at = 0; at < kChunk; at += sizeof(sums)) {
    Words words[4];
    std::memcpy(words, data + at, sizeof(words));
    for (int i = 0; i < 4; ++i) sums[i] += words[i];
  }
  const Words all = sums[0] + sums[1] + sums[2] + sums[3];
  return all[0] + all[1] + all[2] + all[3];
}

}  // namespace

double MeasureBandwidth(size_t mib, int passes, int threads) {
  const auto chunks = static_cast<int64_t>(std::max<size_t>(1, (mib << 20) / kChunk));
  const size_t size = static_cast<size_t>(chunks) * kChunk;
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(size);
  ParallelFor(chunks, [&](int64_t i) { std::memset(buffer.get() + i * kChunk, 1, kChunk); });
  std::atomic<uint64_t> sum = 0;
  double best = 0;
  for (int pass = 0; pass < passes; ++pass) {
    const Stopwatch watch;
    ParallelFor(chunks, [&](int64_t i) { sum += Sum(buffer.get() + i * kChunk); });
    const Usage usage = watch.Read();
    const double seconds = threads == 1 ? usage.cpu_seconds : usage.seconds;
    best = std::max(best, static_cast<double>(size) / seconds);
  }
  return sum == 0 ? 0 : best;  // the sum is used, so that it is computed
}

}  // namespace tact::bench

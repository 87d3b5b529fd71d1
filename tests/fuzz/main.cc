// tact-fuzz-checkpoint SECONDS [SEED]: feeds mutated files to every reader of checkpoints. A crash,
// an input that takes over 10 seconds, or one that needs over 256 MiB ends it with status 1 and the
// input in crash-TARGET.bin. The same seed gives the same inputs.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string>

#include "tests/fuzz/mutator.h"
#include "tests/fuzz/targets.h"

#if defined(__SANITIZE_ADDRESS__)
// An address space limit cannot hold the sanitizer's shadow; it has limits of its own.
extern "C" const char* __asan_default_options() {
  return "max_allocation_size_mb=256:allocator_may_return_null=0:handle_segv=0:handle_abort=0:"
         "quarantine_size_mb=16";
}
constexpr bool kLimitAddresses = false;
#else
constexpr bool kLimitAddresses = true;
#endif

namespace tact::fuzz {
namespace {

constexpr long kMaxMemory = 256 << 20;  // bytes that the inputs may need, above what is there
constexpr unsigned kMaxSeconds = 10;    // of one input
constexpr size_t kMaxCorpus = 256;

// What the handler of a crash writes down.
const std::string* current_input = nullptr;
char crash_file[128] = "crash.bin";

void WriteCrash() {
  if (current_input == nullptr) return;
  const int file = open(crash_file, O_CREAT | O_WRONLY | O_TRUNC, 0644);
  if (write(file, current_input->data(), current_input->size()) < 0) _exit(1);
  constexpr char kMessage[] = "tact-fuzz-checkpoint: failed; the input is in ";
  if (write(2, kMessage, sizeof(kMessage) - 1) < 0) _exit(1);
  if (write(2, crash_file, std::strlen(crash_file)) < 0 || write(2, "\n", 1) < 0) _exit(1);
}

void OnSignal(int) {
  WriteCrash();
  _exit(1);
}

long MaxResident() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

void LimitAddressSpace() {
  if (!kLimitAddresses) return;
  long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r"); file != nullptr) {
    if (std::fscanf(file, "%ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  const rlim_t bytes = static_cast<rlim_t>(pages * sysconf(_SC_PAGESIZE) + kMaxMemory);
  const rlimit limit = {bytes, bytes};
  setrlimit(RLIMIT_AS, &limit);
}

struct Count {
  size_t inputs = 0, accepted = 0;
};

void RunOne(Target& target, Mutator& mutator, long memory_before, Count& count) {
  const std::string input = mutator.Next(target.corpus);
  current_input = &input;
  alarm(kMaxSeconds);
  const bool accepted = target.run(input);
  alarm(0);
  if (MaxResident() - memory_before > kMaxMemory) {
    std::fprintf(stderr, "over %ld bytes were needed\n", kMaxMemory);
    std::abort();
  }
  current_input = nullptr;
  ++count.inputs;
  if (!accepted) return;
  ++count.accepted;
  // What was read leads further than what was not.
  if (target.corpus.size() < kMaxCorpus) target.corpus.push_back(input);
}

int Run(double seconds, uint64_t seed) {
  std::string pattern = (std::filesystem::temp_directory_path() / "tact-fuzz-XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(pattern.data());
  std::vector<Target> targets = CheckpointTargets(folder);
  std::vector<Count> counts(targets.size());
  Mutator mutator(seed);
  const long memory_before = MaxResident();
  LimitAddressSpace();
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    for (size_t i = 0; i < targets.size(); ++i) {
      std::snprintf(crash_file, sizeof(crash_file), "crash-%s.bin", targets[i].name.c_str());
      for (int repeat = 0; repeat < 64; ++repeat) {
        RunOne(targets[i], mutator, memory_before, counts[i]);
      }
    }
  }
  size_t total = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    std::printf("%s: %zu inputs, %zu read\n", targets[i].name.c_str(), counts[i].inputs,
                counts[i].accepted);
    total += counts[i].inputs;
  }
  std::printf("seed %lu: %zu inputs in %.0f s, no crash, no over-allocation\n",
              static_cast<unsigned long>(seed), total, seconds);
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace tact::fuzz

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0;
  if (argc > 3 || seconds <= 0) {
    std::fprintf(stderr, "usage: tact-fuzz-checkpoint SECONDS [SEED]\n");
    return 2;
  }
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGALRM}) {
    std::signal(signal, tact::fuzz::OnSignal);
  }
  return tact::fuzz::Run(seconds, argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
}

#include "tests/fuzz/fuzz_loop.h"

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
#include <optional>
#include <string>
#include <string_view>

#include "tests/fuzz/mutator.h"
#include "tests/fuzz/structure.h"

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
constexpr size_t kMaxStructured = size_t{1} << 20;  // bytes of an input

// What the handler of a crash writes down.
const std::string* current_input = nullptr;
char crash_file[128] = "crash.bin";

void WriteCrash() {
  if (current_input == nullptr) return;
  const int file = open(crash_file, O_CREAT | O_WRONLY | O_TRUNC, 0644);
  if (write(file, current_input->data(), current_input->size()) < 0) _exit(1);
  constexpr char kMessage[] = "failed; the input is in ";
  if (write(2, kMessage, sizeof(kMessage) - 1) < 0) _exit(1);
  if (write(2, crash_file, std::strlen(crash_file)) < 0 || write(2, "\n", 1) < 0) _exit(1);
}

void OnSignal(int) {
  WriteCrash();
  _exit(1);
}

// On a stack of its own: the other one may be what is used up.
void CatchCrashes() {
  static char stack[64 << 10];
  const stack_t other = {stack, 0, sizeof(stack)};
  sigaltstack(&other, nullptr);
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGALRM}) {
    sigaction(signal, &action, nullptr);
  }
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

// Bytes of one kind, or of the other, or of both.
std::string NextInput(const Target& target, Mutator& mutator) {
  if (target.grammar == Grammar::kBytes || mutator.Below(3) == 0) {
    return mutator.Next(target.corpus);
  }
  const std::string& seed = target.corpus[mutator.Below(target.corpus.size())];
  std::string input = target.grammar == Grammar::kJson ? MutateJson(seed, mutator)
                                                       : MutateLines(seed, target.corpus, mutator);
  if (mutator.Below(4) == 0) input = mutator.Next({input, seed});
  if (input.size() > kMaxStructured) input.resize(kMaxStructured);
  return input;
}

void RunOne(Target& target, Mutator& mutator, long memory_before, Count& count) {
  const std::string input = NextInput(target, mutator);
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
  if (target.corpus.size() < kMaxCorpus && input.size() <= kMaxInput)
    target.corpus.push_back(input);
}

struct Arguments {
  double seconds = 0;
  uint64_t seed = 1;
  std::string target;  // empty: all
};

std::optional<Arguments> ReadArguments(int argc, char** argv) {
  Arguments out;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--target" && i + 1 < argc) {
      out.target = argv[++i];
    } else if (out.seconds == 0) {
      out.seconds = std::atof(argv[i]);
      if (out.seconds <= 0) return std::nullopt;
    } else {
      out.seed = std::strtoull(argv[i], nullptr, 10);
    }
  }
  return out.seconds > 0 ? std::optional(out) : std::nullopt;
}

void Report(const std::vector<Target>& targets, const std::vector<Count>& counts,
            const Arguments& arguments) {
  size_t total = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    std::printf("%s: %zu inputs, %zu read\n", targets[i].name.c_str(), counts[i].inputs,
                counts[i].accepted);
    total += counts[i].inputs;
  }
  std::printf("seed %lu: %zu inputs in %.0f s, no crash, no over-allocation\n",
              static_cast<unsigned long>(arguments.seed), total, arguments.seconds);
}

void RunAll(std::vector<Target>& targets, const Arguments& arguments) {
  std::vector<Count> counts(targets.size());
  Mutator mutator(arguments.seed);
  const long memory_before = MaxResident();
  LimitAddressSpace();
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(arguments.seconds);
  while (std::chrono::steady_clock::now() < end) {
    for (size_t i = 0; i < targets.size(); ++i) {
      std::snprintf(crash_file, sizeof(crash_file), "crash-%s.bin", targets[i].name.c_str());
      for (int repeat = 0; repeat < 16; ++repeat) {
        RunOne(targets[i], mutator, memory_before, counts[i]);
      }
    }
  }
  Report(targets, counts, arguments);
}

int RunIn(const std::filesystem::path& folder, const Arguments& arguments,
          const MakeTargets& make_targets) {
  std::vector<Target> targets = make_targets(folder);
  if (!arguments.target.empty()) {
    std::erase_if(targets, [&](const Target& one) { return one.name != arguments.target; });
  }
  if (targets.empty()) {
    std::fprintf(stderr, "--target %s: not there; those there are:", arguments.target.c_str());
    for (const Target& one : make_targets(folder))
      std::fprintf(stderr, " \"%s\"", one.name.c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  RunAll(targets, arguments);
  return 0;
}

}  // namespace

int FuzzMain(int argc, char** argv, const MakeTargets& make_targets) {
  const std::optional<Arguments> arguments = ReadArguments(argc, argv);
  if (!arguments) {
    std::fprintf(stderr, "usage: %s SECONDS [SEED] [--target NAME]\n", argv[0]);
    return 2;
  }
  CatchCrashes();
  std::string pattern = (std::filesystem::temp_directory_path() / "tact-fuzz-XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(pattern.data());
  const int code = RunIn(folder, *arguments, make_targets);
  std::filesystem::remove_all(folder);
  return code;
}

}  // namespace tact::fuzz

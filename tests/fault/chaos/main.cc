// tact-chaos: small PPO jobs on two policy replicas, two reward replicas and a trainer, all of
// which break at random; afterwards every rule of history.h must hold. The same seed breaks the
// same things in the same order.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <random>

#include "tests/fault/chaos/faults.h"
#include "tests/fault/chaos/users.h"

namespace tact::chaos {
namespace {

struct Options {
  uint64_t seed = std::random_device()();
  int faults = 25;
  double minutes = 1;
};

int Report(const Recorder& recorder, const Faults& faults, int jobs) {
  for (const auto& [kind, count] : faults.counts()) std::printf("%6d  %s\n", count, kind.c_str());
  const History history = recorder.history();
  std::printf(
      "%d faults, %d jobs, %zu events, %zu looks at served models, %d starts of the trainer\n",
      faults.count(), jobs, history.events.size(), history.served.size(), history.trainer_starts);
  const std::vector<std::string> broken = recorder.Broken();
  for (const std::string& line : broken) std::printf("BROKEN: %s\n", line.c_str());
  std::printf(broken.empty() ? "every rule holds\n" : "%zu rules are broken\n", broken.size());
  return broken.empty() ? 0 : 1;
}

// Spreads the faults over the time.
void BreakThings(Faults& faults, const Options& options) {
  const Stopwatch watch;
  const double every = options.minutes * 60 / options.faults;
  double said = 0;
  while (faults.count() < options.faults) {
    faults.Mend();
    if (watch.Seconds() >= faults.count() * every) faults.Inject();
    if (watch.Seconds() - said >= 60) {
      said = watch.Seconds();
      std::printf("%.0f s: %d faults\n", said, faults.count());
      std::fflush(stdout);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

int Run(const Options& options) {
  std::printf("seed %llu: %d faults in %g minutes\n", static_cast<unsigned long long>(options.seed),
              options.faults, options.minutes);
  std::fflush(stdout);
  testing::Fleet fleet;
  if (!fleet.Start()) {
    std::printf("the services do not start\n%s", fleet.Logs().c_str());
    return 1;
  }
  Recorder recorder;
  recorder.Add([](History& h) { h.trainer_starts = 1; });
  const std::string dataset = fleet.UploadDialogues(40);
  const ServedPoller poller(fleet, recorder, 2);
  JobMaker maker(fleet, recorder, dataset, MixKey(options.seed, 1));
  Faults faults(fleet, recorder, maker, MixKey(options.seed, 2));
  BreakThings(faults, options);
  maker.StopMaking();
  faults.MendAll();
  testing::WaitFor([&] { return maker.AllEnded(); }, 180);
  maker.RecordFinals();
  const int code = Report(recorder, faults, maker.made());
  if (code != 0) std::printf("%s", fleet.Logs().c_str());
  return code;
}

}  // namespace
}  // namespace tact::chaos

int main(int argc, char** argv) {
  CLI::App app("Breaks a small cluster at random and checks what it promises.", "tact-chaos");
  tact::chaos::Options options;
  app.add_option("--seed", options.seed, "what breaks when follows from it [drawn, and printed]");
  app.add_option("--faults", options.faults, "how many")->capture_default_str();
  app.add_option("--minutes", options.minutes, "over how long")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return tact::chaos::Run(options);
}

// tact-load: mixed calls of a policy and a reward service, more than they can answer. Whatever
// comes must be answered or refused at once, no call may be lost, and memory must not grow.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "common/rpc/channel.h"
#include "tests/fault/fleet.h"
#include "tests/load/callers.h"

namespace tact::load {
namespace {

struct Options {
  double minutes = 0.5;
  double times = 2;  // the capacity
  uint64_t seed = 1;
  double refusal_ms = 50;
};

constexpr size_t kInFlight = 32;     // while the capacity is measured
constexpr size_t kMostCalls = 4000;  // of an overload; more would measure this program

double Megabytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  while (file >> word) {
    double kilobytes = 0;
    if (word == "VmRSS:" && file >> kilobytes) return kilobytes / 1000;
  }
  return 0;
}

// Calls a second that are answered while a fixed number is in flight.
double Capacity(Callers& callers, double seconds) {
  Outcomes outcomes;
  const Stopwatch watch;
  while (watch.Seconds() < seconds) {
    callers.WaitForFewer(kInFlight);
    callers.CancelDue();
    callers.Start(outcomes);
  }
  const auto count = static_cast<double>(outcomes.count());
  callers.WaitForFewer(1);
  return count / seconds;
}

// A process whose memory is watched.
struct Watched {
  testing::Service& service;
  std::vector<double> megabytes = {};
};

// Poisson arrivals, at `rate` a second.
void Overload(Callers& callers, double rate, double seconds, std::vector<Watched>& watched,
              Outcomes& outcomes, uint64_t seed) {
  CounterRng rng(seed);
  const Stopwatch watch;
  double next = 0, next_look = 0;
  const double look_every = seconds / 60;
  while (watch.Seconds() < seconds) {
    callers.CancelDue();
    for (; next <= watch.Seconds() && callers.running() < kMostCalls;
         next -= std::log1p(-rng.Uniform()) / rate) {
      callers.Start(outcomes);
    }
    if (watch.Seconds() >= next_look) {
      next_look += look_every;
      for (Watched& one : watched) one.megabytes.push_back(Megabytes(one.service.pid()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  callers.WaitForFewer(1);
}

std::vector<std::string> Judge(const Outcomes& outcomes, double refusal_ms,
                               std::vector<Watched>& watched) {
  std::vector<std::string> broken = outcomes.Broken(refusal_ms);
  for (Watched& one : watched) {
    if (!one.service.Runs()) broken.push_back(one.service.name() + " has ended");
    std::printf("%s: %.0f MB at the start, %.0f MB at the end\n", one.service.name().c_str(),
                one.megabytes.front(), one.megabytes.back());
    for (std::string& line : BrokenByGrowth(one.service.name(), one.megabytes)) {
      broken.push_back(std::move(line));
    }
  }
  return broken;
}

int Run(const Options& options) {
  const testing::TempFolder folder;
  const std::string models = (testing::SourceDir() / "models").string();
  testing::Service policy("policy", {testing::Binary("tact-policy"), "--model", models + "/policy"},
                          folder.path());
  testing::Service reward("reward", {testing::Binary("tact-reward"), "--model", models + "/reward"},
                          folder.path());
  if (!policy.Start() || !reward.Start()) {
    std::printf("the services do not start\n%s%s", policy.Log().c_str(), reward.Log().c_str());
    return 1;
  }
  Callers callers(MakeChannel(policy.direct()), MakeChannel(reward.direct()), options.seed);
  const double capacity = Capacity(callers, std::min(20.0, options.minutes * 60 / 4));
  const double rate = options.times * capacity;
  std::printf("capacity %.0f calls a second; %.0f a second for %g minutes\n", capacity, rate,
              options.minutes);
  std::fflush(stdout);
  std::vector<Watched> watched = {{policy}, {reward}};
  Outcomes outcomes;
  Overload(callers, rate, options.minutes * 60, watched, outcomes, MixKey(options.seed, 1));
  std::printf("%s", outcomes.Table().c_str());
  const std::vector<std::string> broken = Judge(outcomes, options.refusal_ms, watched);
  for (const std::string& line : broken) std::printf("BROKEN: %s\n", line.c_str());
  std::printf(broken.empty() ? "every rule holds\n" : "%zu rules are broken\n", broken.size());
  return broken.empty() ? 0 : 1;
}

}  // namespace
}  // namespace tact::load

int main(int argc, char** argv) {
  CLI::App app("Asks more of a policy and a reward service than they can answer.", "tact-load");
  tact::load::Options options;
  app.add_option("--minutes", options.minutes, "of overload")->capture_default_str();
  app.add_option("--times", options.times, "the capacity that is found first")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "what is asked when follows from it")
      ->capture_default_str();
  app.add_option("--refusal-ms", options.refusal_ms,
                 "in which a refused call is answered, 99 of 100 times")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return tact::load::Run(options);
}

// Breaks a fleet at random and mends it again: one fault at a time to a service, each for a while.
// Which, when and how long follows from the seed.
#ifndef TACT_TESTS_FAULT_CHAOS_FAULTS_H_
#define TACT_TESTS_FAULT_CHAOS_FAULTS_H_

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "tests/fault/chaos/recorder.h"
#include "tests/fault/chaos/users.h"
#include "tests/fault/fleet.h"

namespace tact::chaos {

class Faults {
 public:
  Faults(testing::Fleet& fleet, Recorder& recorder, JobMaker& maker, uint64_t seed);

  // Makes one fault; mends those whose time is up.
  void Inject();
  void Mend();
  // Mends all; true once every service runs.
  void MendAll();

  int count() const { return count_; }
  const std::map<std::string, int>& counts() const { return counts_; }  // by kind

 private:
  struct Broken {
    double until = 0;
    // Called from then on until it returns true: all is well again.
    std::function<bool()> mend;
  };
  using Kind = bool (Faults::*)();  // false: it cannot be done now
  struct Choice {
    const char* name;
    int weight;
    Kind make;
  };
  static const std::vector<Choice>& Choices();
  const Choice& Draw();

  bool KillPolicy() { return Kill(AnyPolicy()); }
  bool KillReward() { return Kill(AnyReward()); }
  bool KillTrainer() { return Kill(&fleet_.trainer()); }
  bool TerminatePolicy() { return Terminate(AnyPolicy()); }
  bool TerminateReward() { return Terminate(AnyReward()); }
  bool TerminateTrainer() { return Terminate(&fleet_.trainer()); }
  bool StopAny();
  bool Slow() { return Wire(testing::Wire::kSlow, 3); }
  bool Cut() { return Wire(testing::Wire::kCut, 1); }
  bool BlackHole() { return Wire(testing::Wire::kBlackHole, 4); }
  bool Truncate();
  bool Duplicate();
  bool Pause();
  bool Cancel();
  bool Disconnect();

  testing::Service* AnyPolicy();
  testing::Service* AnyReward();
  bool Kill(testing::Service* service);
  bool Terminate(testing::Service* service);
  bool Wire(testing::Wire wire, double most_seconds);
  bool IsBroken(testing::Service* service) const { return broken_.contains(service); }
  void Break(testing::Service* service, double seconds, std::function<bool()> mend);
  bool Start(testing::Service* service);
  std::filesystem::path NewestCheckpointWithAnother();

  testing::Fleet& fleet_;
  Recorder& recorder_;
  JobMaker& maker_;
  CounterRng rng_;
  const Stopwatch watch_;
  std::map<testing::Service*, Broken> broken_;
  std::map<std::filesystem::path, std::filesystem::file_time_type> truncated_;
  int count_ = 0;
  std::map<std::string, int> counts_;
};

}  // namespace tact::chaos

#endif  // TACT_TESTS_FAULT_CHAOS_FAULTS_H_

// Those who use the cluster while it breaks: one makes jobs, one watches each of them, one asks the
// policy replicas what they serve. All record what they see.
#ifndef TACT_TESTS_FAULT_CHAOS_USERS_H_
#define TACT_TESTS_FAULT_CHAOS_USERS_H_

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "common/base/random.h"
#include "tests/fault/chaos/recorder.h"
#include "tests/fault/fleet.h"

namespace tact::chaos {

// Follows one job's events over every break, until its last one.
class Watcher {
 public:
  Watcher(testing::Fleet& fleet, Recorder& recorder, std::string job_id);
  ~Watcher();  // gives up
  bool Ended() const { return ended_; }
  // Goes away in the middle of its stream, and comes back.
  void Disconnect() { disconnect_ = true; }

 private:
  void Loop();
  void Follow();

  testing::Fleet& fleet_;
  Recorder& recorder_;
  const std::string job_id_;
  uint64_t sequence_ = 0;
  std::atomic<bool> stopping_ = false, ended_ = false, disconnect_ = false;
  std::thread thread_;
};

// Keeps some jobs going; each is asked for again and again, under one request id, until it is
// there.
class JobMaker {
 public:
  JobMaker(testing::Fleet& fleet, Recorder& recorder, std::string dataset, uint64_t seed);
  ~JobMaker();

  // Faults that a user makes: the next loop sends the last request again, sets a job aside and
  // takes it up again, ends one, or lets a watcher go.
  void Duplicate() { duplicate_ = true; }
  void Pause() { pause_ = true; }
  void Cancel() { cancel_ = true; }
  void Disconnect() { disconnect_ = true; }

  // No new jobs; those there are go on.
  void StopMaking() { making_ = false; }
  // True once every job has ended and been watched to its end.
  bool AllEnded() const { return open_count_ == 0; }
  int made() const { return made_; }
  // Asks for each acknowledged job a last time.
  void RecordFinals();

 private:
  void Loop();
  void MakeOne();
  void Acknowledge(const std::string& request_id, const v1::JobSpec& spec);
  void Look();
  void DoAsked();
  v1::JobSpec RandomSpec();

  testing::Fleet& fleet_;
  Recorder& recorder_;
  const std::string dataset_;
  CounterRng rng_;
  std::string last_request_;
  v1::JobSpec last_spec_;
  std::map<std::string, std::unique_ptr<Watcher>> open_;  // by job id
  std::atomic<int> open_count_ = 0, made_ = 0;
  std::atomic<bool> stopping_ = false, making_ = true;
  std::atomic<bool> duplicate_ = false, pause_ = false, cancel_ = false, disconnect_ = false;
  std::thread thread_;
};

// Asks each policy process what it serves.
class ServedPoller {
 public:
  ServedPoller(testing::Fleet& fleet, Recorder& recorder, int policies);
  ~ServedPoller();

 private:
  void Loop();
  void Poll(testing::Service& policy);

  testing::Fleet& fleet_;
  Recorder& recorder_;
  const int policies_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace tact::chaos

#endif  // TACT_TESTS_FAULT_CHAOS_USERS_H_

#include "tests/fault/chaos/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace tact::chaos {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Seen Event(uint64_t sequence, v1::JobState state, uint32_t step, bool is_step) {
  Seen seen;
  seen.event.set_sequence(sequence);
  seen.event.set_is_step(is_step);
  v1::Job& job = *seen.event.mutable_job();
  job.set_id("ppo-1");
  job.set_state(state);
  job.set_step(step);
  job.set_total_steps(2);
  job.set_weight_version(step + 1);
  job.mutable_spec()->mutable_ppo()->set_batch_size(4);
  return seen;
}

// A job of two steps; the trainer dies after the second, which is made again.
History Good() {
  History history;
  history.trainer_starts = 2;
  history.acknowledged = {{"r1", "ppo-1"}, {"r1", "ppo-1"}};
  history.events = {
      Event(1, v1::JOB_STATE_QUEUED, 0, false),   Event(2, v1::JOB_STATE_RUNNING, 0, false),
      Event(3, v1::JOB_STATE_RUNNING, 1, true),   Event(4, v1::JOB_STATE_RUNNING, 2, true),
      Event(5, v1::JOB_STATE_RUNNING, 2, false),  Event(6, v1::JOB_STATE_RUNNING, 2, true),
      Event(7, v1::JOB_STATE_SUCCEEDED, 2, false)};
  history.events.push_back(history.events[3]);  // seen again
  history.served = {{"policy0", 1, "a", 1, "x"},
                    {"policy0", 1, "a", 2, "y"},
                    {"policy0", 2, "a", 1, "x"},
                    {"policy1", 1, "a", 2, "y"}};
  history.finals = {{"ppo-1", history.events[6].event.job()}};
  return history;
}

v1::Job& JobAt(History& history, size_t event) {
  return *history.events[event].event.mutable_job();
}

TEST(BrokenRulesTest, AGoodHistoryBreaksNone) { EXPECT_THAT(BrokenRules(Good()), IsEmpty()); }

struct Bad {
  const char* name;
  std::function<void(History&)> spoil;
  const char* rule;
};

TEST(BrokenRulesTest, EachBadHistoryBreaksItsRule) {
  const Bad bad[] = {
      {"lost", [](History& h) { h.finals.clear(); }, "was acknowledged and is lost"},
      {"unknown at the end", [](History& h) { h.finals[0].job.Clear(); },
       "was acknowledged and is lost"},
      {"hangs", [](History& h) { h.finals[0].job.set_state(v1::JOB_STATE_WAITING); },
       "has not ended"},
      {"failed", [](History& h) { h.finals[0].job.set_state(v1::JOB_STATE_FAILED); }, "has failed"},
      {"run twice", [](History& h) { h.acknowledged[1].job_id = "ppo-2"; }, "has made two jobs"},
      {"mixed up", [](History& h) { h.acknowledged[1].request_id = "r2"; }, "answers two requests"},
      {"gap", [](History& h) { h.events.erase(h.events.begin() + 1); }, "event 3 follows 1"},
      {"rewritten", [](History& h) { JobAt(h, 7).set_message("other"); },
       "was another one the second time"},
      {"after the end",
       [](History& h) { h.events.push_back(Event(8, v1::JOB_STATE_RUNNING, 2, false)); },
       "follows its end"},
      {"skipped", [](History& h) { JobAt(h, 2).set_step(2); }, "step 2 follows step 0"},
      {"twice in one run", [](History& h) { JobAt(h, 4).set_state(v1::JOB_STATE_WAITING); },
       "was made twice in one run"},
      {"back without a restart", [](History& h) { h.trainer_starts = 1; }, "went back 1 times"},
      {"too short", [](History& h) { JobAt(h, 6).set_total_steps(3); }, "succeeded after step 2"},
      {"nan", [](History& h) { JobAt(h, 2).mutable_last_metrics()->set_reward_mean(NAN); },
       "not finite"},
      {"nothing scored",
       [](History& h) { JobAt(h, 2).mutable_last_metrics()->set_dropped_rollouts(4); },
       "learnt from no rollout"},
      {"version of the job", [](History& h) { JobAt(h, 6).set_weight_version(1); },
       "version 1 follows 3"},
      {"half served", [](History& h) { h.served[3].sha256 = "z"; }, "has two digests"},
      {"version of a replica", [](History& h) { h.served[2].life = 1; }, "version 1 follows 2"},
  };
  for (const Bad& b : bad) {
    History history = Good();
    b.spoil(history);
    EXPECT_THAT(BrokenRules(history), Contains(HasSubstr(b.rule))) << b.name;
  }
}

}  // namespace
}  // namespace tact::chaos

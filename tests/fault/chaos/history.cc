#include "tests/fault/chaos/history.h"

#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "common/base/strings.h"

namespace tact::chaos {
namespace {

using Lines = std::vector<std::string>;
using JobEvents = std::map<uint64_t, v1::WatchJobResponse>;  // by sequence

bool HasEnded(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

void CheckAcknowledged(const History& history, Lines& broken) {
  std::map<std::string, const v1::Job*> finals;
  for (const Final& final : history.finals) finals[final.job_id] = &final.job;
  std::map<std::string, std::string> job_of, request_of;
  for (const Acknowledged& a : history.acknowledged) {
    if (const auto [it, fresh] = job_of.emplace(a.request_id, a.job_id); it->second != a.job_id) {
      broken.push_back(
          StrCat("request ", a.request_id, " has made two jobs: ", it->second, " and ", a.job_id));
    }
    if (const auto [it, fresh] = request_of.emplace(a.job_id, a.request_id);
        it->second != a.request_id) {
      broken.push_back(StrCat("job ", a.job_id, " answers two requests"));
    }
    const auto final = finals.find(a.job_id);
    if (final == finals.end() || final->second->state() == v1::JOB_STATE_UNSPECIFIED) {
      broken.push_back(StrCat("job ", a.job_id, " was acknowledged and is lost"));
    } else if (!HasEnded(final->second->state())) {
      broken.push_back(StrCat("job ", a.job_id,
                              " has not ended: ", v1::JobState_Name(final->second->state()), " ",
                              final->second->message()));
    } else if (final->second->state() == v1::JOB_STATE_FAILED) {
      broken.push_back(StrCat("job ", a.job_id, " has failed: ", final->second->message()));
    }
  }
}

std::map<std::string, JobEvents> ByJob(const History& history, Lines& broken) {
  std::map<std::string, JobEvents> jobs;
  for (const Seen& seen : history.events) {
    const std::string& id = seen.event.job().id();
    const auto [it, fresh] = jobs[id].emplace(seen.event.sequence(), seen.event);
    if (!fresh && it->second.SerializeAsString() != seen.event.SerializeAsString()) {
      broken.push_back(StrCat("job ", id, ": event ", seen.event.sequence(),
                              " was another one the second time"));
    }
  }
  return jobs;
}

void CheckSequences(const std::string& id, const JobEvents& events, Lines& broken) {
  uint64_t expected = 1;
  bool ended = false;
  for (const auto& [sequence, event] : events) {
    if (sequence != expected) {
      broken.push_back(StrCat("job ", id, ": event ", sequence, " follows ", expected - 1));
    }
    expected = sequence + 1;
    if (ended) broken.push_back(StrCat("job ", id, ": event ", sequence, " follows its end"));
    ended = HasEnded(event.job().state());
  }
}

void CheckSteps(const std::string& id, const JobEvents& events, int trainer_starts, Lines& broken) {
  uint32_t last = 0;
  int backs = 0;
  bool taken_up = false;  // since the last step
  for (const auto& [sequence, event] : events) {
    if (!event.is_step()) {
      taken_up = taken_up || event.job().state() == v1::JOB_STATE_RUNNING;
      continue;
    }
    const uint32_t step = event.job().step();
    const bool back = step <= last;
    if (step > last + 1 || step == 0) {
      broken.push_back(StrCat("job ", id, ": step ", step, " follows step ", last));
    }
    if (back && !taken_up) {
      broken.push_back(StrCat("job ", id, ": step ", step, " was made twice in one run"));
    }
    backs += back;
    last = step;
    taken_up = false;
  }
  if (backs >= std::max(1, trainer_starts)) {
    broken.push_back(StrCat("job ", id, " went back ", backs, " times in ", trainer_starts,
                            " runs of the trainer"));
  }
  const v1::Job& job = events.rbegin()->second.job();
  if (job.state() == v1::JOB_STATE_SUCCEEDED && last != job.total_steps()) {
    broken.push_back(StrCat("job ", id, " succeeded after step ", last, " of ", job.total_steps()));
  }
}

bool AreFinite(const v1::StepMetrics& m) {
  for (double value :
       {m.loss(), m.reward_mean(), m.reward_stddev(), m.kl(), m.kl_coef(), m.policy_loss(),
        m.value_loss(), m.entropy(), m.grad_norm(), m.replay_difference(), m.approx_kl()}) {
    if (!std::isfinite(value)) return false;
  }
  return true;
}

void CheckNumbers(const std::string& id, const JobEvents& events, Lines& broken) {
  uint64_t version = 0;
  for (const auto& [sequence, event] : events) {
    const v1::Job& job = event.job();
    if (job.weight_version() < version) {
      broken.push_back(
          StrCat("job ", id, ": version ", job.weight_version(), " follows ", version));
    }
    version = job.weight_version();
    if (!event.is_step()) continue;
    if (!AreFinite(job.last_metrics())) {
      broken.push_back(
          StrCat("job ", id, ": step ", job.step(), " has a number that is not finite"));
    }
    const uint32_t batch = job.spec().ppo().batch_size();
    if (batch > 0 && job.last_metrics().dropped_rollouts() >= batch) {
      broken.push_back(StrCat("job ", id, ": step ", job.step(), " learnt from no rollout"));
    }
  }
}

void CheckServed(const History& history, Lines& broken) {
  std::map<std::pair<std::string, uint64_t>, std::string> digests;
  std::map<std::tuple<std::string, int, std::string>, uint64_t> versions;
  for (const Served& s : history.served) {
    if (const auto [it, fresh] = digests.emplace(std::pair(s.model, s.version), s.sha256);
        it->second != s.sha256) {
      broken.push_back(StrCat(s.replica, ": ", s.model, " version ", s.version,
                              " has two digests: ", it->second, " and ", s.sha256));
    }
    uint64_t& last = versions[{s.replica, s.life, s.model}];
    if (s.version < last) {
      broken.push_back(StrCat(s.replica, ": ", s.model, " version ", s.version, " follows ", last));
    }
    last = s.version;
  }
}

}  // namespace

std::vector<std::string> BrokenRules(const History& history) {
  Lines broken;
  CheckAcknowledged(history, broken);
  for (const auto& [id, events] : ByJob(history, broken)) {
    CheckSequences(id, events, broken);
    CheckSteps(id, events, history.trainer_starts, broken);
    CheckNumbers(id, events, broken);
  }
  CheckServed(history, broken);
  return broken;
}

}  // namespace tact::chaos

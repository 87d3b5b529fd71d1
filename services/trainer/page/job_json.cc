#include "services/trainer/page/job_json.h"

#include "common/base/status.h"
#include "services/trainer/page/curves.h"
#include "services/trainer/page/html_text.h"

namespace tact {
namespace {

using nlohmann::json;

constexpr size_t kMostPoints = 400;  // of a curve
constexpr int kEventsPerRead = 256;
constexpr uint64_t kMostEvents = 16384;  // of an answer

json CurvesJson(const JobCurves& curves) {
  json out = json::array();
  for (const NamedCurve& curve : curves.curves()) {
    out.push_back({{"name", curve.name}, {"points", curve.points}});
  }
  return out;
}

}  // namespace

json JobJson(const v1::Job& job) {
  const v1::JobSpec& spec = job.spec();
  return {
      {"id", job.id()},
      {"name", spec.name()},
      {"kind", KindWord(spec.kind())},
      {"state", StateWord(job.state())},
      {"message", job.message()},
      {"pause_reason", job.state() == v1::JOB_STATE_PAUSED ? ReasonWords(job.pause_reason()) : ""},
      {"step", job.step()},
      {"total_steps", job.total_steps()},
      {"seconds_left", job.seconds_left()},
      {"weight_version", job.weight_version()},
      {"created", Moment(job.created_at())}};
}

absl::StatusOr<json> JobEventsJson(const JobStore& store, std::string_view id, uint64_t after) {
  ASSIGN_OR_RETURN(const v1::Job job, store.Get(id));
  JobCurves curves(job.spec().kind(), kMostPoints);
  uint64_t read = 0;
  bool more = true;
  while (more && read < kMostEvents) {
    ASSIGN_OR_RETURN(const auto events, store.EventsAfter(id, after, kEventsPerRead));
    for (const JobEvent& event : events) {
      after = event.sequence;
      if (event.is_step) curves.Add(event.job.last_metrics());
    }
    read += events.size();
    more = events.size() == static_cast<size_t>(kEventsPerRead);
  }
  return json{
      {"job", JobJson(job)}, {"sequence", after}, {"more", more}, {"curves", CurvesJson(curves)}};
}

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace tact

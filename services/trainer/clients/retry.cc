#include "services/trainer/clients/retry.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/status.h"
#include "common/base/steady_time.h"
#include "common/base/strings.h"
#include "services/trainer/clients/service_status.h"

namespace tact {
namespace {

absl::Status Pause(const RetryHooks& hooks, absl::Duration duration) {
  const absl::Time until = SteadyNow() + duration;
  while (SteadyNow() < until) {
    RETURN_IF_ERROR(hooks.check());
    absl::SleepFor(std::min(absl::Milliseconds(50), until - SteadyNow()));
  }
  return absl::OkStatus();
}

}  // namespace

RetryHooks HooksOf(JobContext& context) {
  return {[&] { return context.CheckStop(); },
          [&](std::string_view why) { return context.ReportWaiting(why); }};
}

absl::Status RetryWhileDown(JobContext& context, const std::function<absl::Status()>& attempt) {
  return RetryWhileDown(HooksOf(context), attempt);
}

absl::Status RetryWhileDown(const RetryHooks& hooks, const std::function<absl::Status()>& attempt) {
  absl::Duration pause = absl::Milliseconds(200);
  while (true) {
    RETURN_IF_ERROR(hooks.check());
    const absl::Status status = attempt();
    if (!IsTransient(status)) {
      if (status.ok()) RETURN_IF_ERROR(hooks.report(""));
      return status;
    }
    RETURN_IF_ERROR(hooks.report(StrCat("waits for ", status.message())));
    RETURN_IF_ERROR(Pause(hooks, pause));
    pause = std::min(pause * 2, absl::Seconds(5));
  }
}

}  // namespace tact

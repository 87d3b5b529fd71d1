// The longest that a stopping trainer waits for the step in progress.
#ifndef TACT_SERVICES_TRAINER_GRACE_PERIOD_H_
#define TACT_SERVICES_TRAINER_GRACE_PERIOD_H_

#include <cstdlib>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/base/log.h"

namespace tact {

// Ends the process with code 0 unless the object goes within `seconds`: a step that does not end in
// time is lost, as by kill -9, and the job goes on from its last checkpoint at the next start.
class GracePeriod {
 public:
  explicit GracePeriod(double seconds)
      : thread_([this, seconds] {
          if (over_.WaitForNotificationWithTimeout(absl::Seconds(seconds))) return;
          LogWarning("the step in progress does not end within ", seconds,
                     " s (--drain-seconds); its job goes on from its last checkpoint");
          std::_Exit(0);
        }) {}
  ~GracePeriod() {
    over_.Notify();
    thread_.join();
  }
  GracePeriod(const GracePeriod&) = delete;
  GracePeriod& operator=(const GracePeriod&) = delete;

 private:
  absl::Notification over_;
  std::thread thread_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_GRACE_PERIOD_H_

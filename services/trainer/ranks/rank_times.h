// How long ranks wait for each other.
#ifndef TACT_SERVICES_TRAINER_RANKS_RANK_TIMES_H_
#define TACT_SERVICES_TRAINER_RANKS_RANK_TIMES_H_

#include "absl/time/time.h"

namespace tact {

// A lost rank is noticed within lost_after, or within transfer where it hangs in the middle of an
// exchange; the two and a beat make less than 30 s.
struct RankTimes {
  absl::Duration beat = absl::Milliseconds(500);  // between two signs of life
  absl::Duration lost_after = absl::Seconds(14);  // without a sign of life
  // Of one exchange of at most 64 MiB, once every rank has come to it.
  absl::Duration transfer = absl::Seconds(15);
  absl::Duration join = absl::Minutes(5);  // a worker's patience until rank 0 answers
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_RANKS_RANK_TIMES_H_

// Which items of a batch are scored, which are asked for again, and when it is enough. Pure: it
// makes no call and reads no clock.
#ifndef TACT_SERVICES_TRAINER_CLIENTS_SCORE_PLAN_H_
#define TACT_SERVICES_TRAINER_CLIENTS_SCORE_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace tact {

struct ScoreBudget {
  int attempts = 4;            // of one item, at replicas that answered
  double total_seconds = 120;  // of a batch; what is missing then is dropped
  double call_seconds = 30;    // a replica that takes longer is slow
  // Pause before an item is asked for again: doubles from first to most, each drawn from half of
  // it to all of it.
  double first_pause = 0.05, most_pause = 2;
};

// What a replica said of one item.
struct ItemAnswer {
  std::optional<double> score;
  bool hopeless = false;  // no replica would score it: it is not asked for again
};

class ScorePlan {
 public:
  ScorePlan(size_t items, size_t replicas, const ScoreBudget& budget);

  // At most `limit` items that one call is to ask for now, those with the same past together;
  // empty once each item is scored or given up.
  std::vector<size_t> Next(size_t limit) const;
  // The replicas that have failed these items before, which another one is better than.
  std::set<size_t> Failed(const std::vector<size_t>& items) const;

  // The replica answered, in the order of `items`.
  void Answered(const std::vector<size_t>& items, size_t replica,
                const std::vector<ItemAnswer>& answers);
  // The call failed. True once every replica has failed since the last answer.
  bool CallFailed(const std::vector<size_t>& items, size_t replica);

  // Seconds to wait before these items are asked for; `uniform` is in [0, 1).
  double Pause(const std::vector<size_t>& items, double uniform) const;
  bool IsOverdue(double seconds) const { return seconds > budget_.total_seconds; }

  const std::vector<std::optional<double>>& scores() const { return scores_; }
  // Items that were asked for again, each time counted.
  uint32_t retried() const { return retried_; }

 private:
  struct Item {
    int attempts = 0;         // answers without a score
    std::set<size_t> failed;  // replicas of those answers
    bool asked = false, given_up = false;
  };
  void CountAsked(const std::vector<size_t>& items);

  const ScoreBudget budget_;
  const size_t replicas_;
  std::vector<Item> items_;
  std::vector<std::optional<double>> scores_;
  std::set<size_t> down_;  // replicas that have failed since the last answer
  uint32_t retried_ = 0;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CLIENTS_SCORE_PLAN_H_

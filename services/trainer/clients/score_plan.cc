#include "services/trainer/clients/score_plan.h"

#include <algorithm>
#include <cmath>

namespace tact {

ScorePlan::ScorePlan(size_t items, size_t replicas, const ScoreBudget& budget)
    : budget_(budget), replicas_(replicas), items_(items), scores_(items) {}

std::vector<size_t> ScorePlan::Next(size_t limit) const {
  std::vector<size_t> next;
  for (size_t i = 0; i < items_.size() && next.size() < limit; ++i) {
    if (scores_[i] || items_[i].given_up) continue;
    if (next.empty() || items_[i].failed == items_[next[0]].failed) next.push_back(i);
  }
  return next;
}

std::set<size_t> ScorePlan::Failed(const std::vector<size_t>& items) const {
  std::set<size_t> failed = down_;
  for (size_t i : items) failed.insert(items_[i].failed.begin(), items_[i].failed.end());
  return failed;
}

void ScorePlan::CountAsked(const std::vector<size_t>& items) {
  for (size_t i : items) {
    retried_ += items_[i].asked;
    items_[i].asked = true;
  }
}

void ScorePlan::Answered(const std::vector<size_t>& items, size_t replica,
                         const std::vector<ItemAnswer>& answers) {
  CountAsked(items);
  down_.clear();
  for (size_t k = 0; k < items.size(); ++k) {
    Item& item = items_[items[k]];
    scores_[items[k]] = answers[k].score;
    if (answers[k].score) continue;
    item.failed.insert(replica);
    item.given_up = ++item.attempts >= budget_.attempts || answers[k].hopeless;
  }
}

bool ScorePlan::CallFailed(const std::vector<size_t>& items, size_t replica) {
  CountAsked(items);
  down_.insert(replica);
  return down_.size() == replicas_;
}

double ScorePlan::Pause(const std::vector<size_t>& items, double uniform) const {
  int attempts = 0;
  for (size_t i : items) attempts = std::max(attempts, items_[i].attempts);
  if (attempts == 0) return 0;
  const double pause = std::min(budget_.most_pause, budget_.first_pause * std::exp2(attempts - 1));
  return pause * (0.5 + uniform / 2);
}

}  // namespace tact

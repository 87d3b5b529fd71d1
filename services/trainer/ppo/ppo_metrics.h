// Numbers of one PPO step, from its batch to the event and to Prometheus.
#ifndef TACT_SERVICES_TRAINER_PPO_PPO_METRICS_H_
#define TACT_SERVICES_TRAINER_PPO_PPO_METRICS_H_

#include <prometheus/counter.h>

#include <vector>

#include "services/trainer/ppo/learner.h"
#include "services/trainer/weights/sequence_logprobs.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

// What is scored and learnt from in one step.
struct ScoredBatch {
  std::vector<TokenSequence> rollouts;
  std::vector<double> scores;
};

double MeanResponseTokens(const ScoredBatch& batch);
void SetBatchMetrics(const ScoredBatch& batch, v1::StepMetrics& metrics);
void SetLearnMetrics(const LearnStats& stats, v1::StepMetrics& metrics);
void ExportLearnStats(const LearnStats& stats);
void ExportPpoMetrics(const v1::StepMetrics& metrics);
// Makes the counters at the service's start, so that a rate never misses their first increase.
void InitialisePpoMetrics();
prometheus::Counter& ReplayAlarms();

// Different pairs of neighbouring tokens over all pairs; 1 where there is no pair.
double DistinctPairs(const std::vector<TokenSequence>& rollouts);
// Prompts and responses.
double CountTokens(const ScoredBatch& batch);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PPO_PPO_METRICS_H_

// What a chaos run has seen, in the order in which it was seen, and the rules that it must keep.
#ifndef TACT_TESTS_FAULT_CHAOS_HISTORY_H_
#define TACT_TESTS_FAULT_CHAOS_HISTORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tact/v1/trainer.pb.h"

namespace tact::chaos {

// CreateJob has answered.
struct Acknowledged {
  std::string request_id, job_id;
};

// WatchJob has sent this; may be seen again after a reconnect.
struct Seen {
  v1::WatchJobResponse event;
};

// One replica process, which serves this version of a model.
struct Served {
  std::string replica;
  int life = 0;  // of its process
  std::string model;
  uint64_t version = 0;
  std::string sha256;
};

// What GetJob says when all is over; state 0 where there is no such job.
struct Final {
  std::string job_id;
  v1::Job job;
};

struct History {
  std::vector<Acknowledged> acknowledged;
  int trainer_starts = 0;  // the first too
  std::vector<Seen> events;
  std::vector<Served> served;
  std::vector<Final> finals;
};

// One line for each rule that is broken; empty where all hold:
//  - an acknowledged job is there at the end, and has ended; a request has made one job only;
//  - sequences of a job grow by 1, and an event seen twice is the same; none follows the end;
//  - no job has failed: no fault is a reason to;
//  - steps follow one another, go back only where the job was taken up again, and never more often
//    than that happened; a job that has succeeded has made all of them;
//  - every number of a step is finite, and not all of its batch was dropped;
//  - versions only grow: within a job, and of a model within a replica's life;
//  - a version of a model has one SHA-256 wherever it is served.
std::vector<std::string> BrokenRules(const History& history);

}  // namespace tact::chaos

#endif  // TACT_TESTS_FAULT_CHAOS_HISTORY_H_

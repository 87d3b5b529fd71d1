// What "tactctl train" does once its flags are read: uploads, plans or makes jobs, follows one.
#ifndef TACT_SERVICES_TACTCTL_TRAIN_RUN_H_
#define TACT_SERVICES_TACTCTL_TRAIN_RUN_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/tactctl/context.h"
#include "tact/v1/trainer.pb.h"

namespace tact::ctl {

struct TrainOptions {
  v1::CreateJobRequest request;
  std::string spec_file;  // read before `sets` and `sweeps`; empty where flags make the spec
  std::string dataset;    // file to upload; the id of one uploaded before is in the spec
  std::string validation;
  v1::DatasetKind dataset_kind = v1::DATASET_KIND_UNSPECIFIED;
  std::vector<std::string> sets, sweeps;  // "path=value", "path=a,b,c"
  bool dry_run = false;
  bool follow = true;
  double patience_seconds = 60;
  std::string id_file;
};

// One job is followed to its end where options.follow; of a sweep all are made and listed.
absl::Status RunTrain(TrainOptions& options, Context& context);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_TRAIN_RUN_H_

#include "services/tactctl/train_run.h"

#include <ostream>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/client.h"
#include "services/tactctl/job_follow.h"
#include "services/tactctl/job_text.h"
#include "services/tactctl/output.h"
#include "services/tactctl/plan_text.h"
#include "services/tactctl/spec_fields.h"
#include "services/tactctl/spec_file.h"
#include "services/tactctl/sweep.h"
#include "services/tactctl/upload.h"
#include "tact/v1/trainer.grpc.pb.h"

namespace tact::ctl {
namespace {

using TrainerClient = Client<v1::TrainerService>;
using Stub = v1::TrainerService::Stub;

v1::DatasetKind KindOfData(const TrainOptions& options) {
  if (options.dataset_kind != v1::DATASET_KIND_UNSPECIFIED) return options.dataset_kind;
  const v1::JobKind kind = options.request.spec().kind();
  if (kind == v1::JOB_KIND_PPO) return v1::DATASET_KIND_DIALOGUES;
  return kind == v1::JOB_KIND_REWARD ? v1::DATASET_KIND_LABELLED : v1::DATASET_KIND_UNSPECIFIED;
}

absl::StatusOr<std::string> Upload(const TrainerClient& client, const TrainOptions& options,
                                   const std::string& file, Context& context) {
  ASSIGN_OR_RETURN(const auto uploaded, UploadFile(client, file, KindOfData(options)));
  if (context.output == Output::kTable) {
    context.terminal.err << "data set " << uploaded.dataset_id() << ": " << uploaded.examples()
                         << " examples from " << file << '\n';
  }
  return uploaded.dataset_id();
}

absl::Status UploadFiles(const TrainerClient& client, TrainOptions& options, Context& context) {
  v1::JobSpec& spec = *options.request.mutable_spec();
  if (!options.dataset.empty()) {
    ASSIGN_OR_RETURN(*spec.mutable_dataset_id(), Upload(client, options, options.dataset, context));
  }
  if (!options.validation.empty()) {
    ASSIGN_OR_RETURN(*spec.mutable_validation_dataset_id(),
                     Upload(client, options, options.validation, context));
  }
  return absl::OkStatus();
}

absl::Status ReadSettings(TrainOptions& options) {
  v1::JobSpec& spec = *options.request.mutable_spec();
  if (!options.spec_file.empty()) {
    const v1::JobSpec from_flags = spec;
    ASSIGN_OR_RETURN(spec, ReadSpecFile(options.spec_file));
    spec.MergeFrom(from_flags);
  }
  for (const std::string& set : options.sets) {
    ASSIGN_OR_RETURN(const auto assignment, SplitAssignment(set));
    RETURN_IF_ERROR(SetField(spec, assignment.first, assignment.second));
  }
  return absl::OkStatus();
}

void PrintCreated(const v1::CreateJobResponse& created, bool follow, Context& context) {
  const v1::Job& job = created.job();
  if (context.output != Output::kTable) {
    if (!follow) context.terminal.out << ToJson(created, context.output == Output::kJson);
    return;
  }
  context.terminal.out << "job " << job.id() << " (" << KindName(job.spec().kind()) << ") "
                       << StateName(job.state()) << '\n'
                       << std::flush;
  if (!follow) context.terminal.out << "watch it with: tactctl jobs watch " << job.id() << '\n';
}

absl::Status WriteIds(const TrainOptions& options, const std::string& ids) {
  return options.id_file.empty() ? absl::OkStatus() : WriteFileAtomically(options.id_file, ids);
}

absl::Status CreateOne(const TrainerClient& client, const TrainOptions& options, Context& context) {
  ASSIGN_OR_RETURN(const auto created, client.Call(&Stub::CreateJob, options.request));
  PrintCreated(created, options.follow, context);
  RETURN_IF_ERROR(WriteIds(options, created.job().id() + "\n"));
  if (!options.follow) return absl::OkStatus();
  return FollowJob(client, created.job().id(), options.patience_seconds, context);
}

// ID, name and each swept value.
Table SweepTable(const TrainOptions& options) {
  std::vector<std::string> header = {"ID", "NAME"};
  for (const std::string& sweep : options.sweeps) {
    header.push_back(sweep.substr(0, sweep.find('=')));
  }
  return Table(header);
}

// Jobs that were made before one is refused are listed all the same.
absl::Status CreateAll(const TrainerClient& client, const TrainOptions& options,
                       const std::vector<SweptSpec>& specs, Context& context) {
  Table table = SweepTable(options);
  std::string ids;
  absl::Status status;
  for (size_t i = 0; i < specs.size() && status.ok(); ++i) {
    v1::CreateJobRequest request;
    *request.mutable_spec() = specs[i].spec;
    const std::string& id = options.request.request_id();
    if (!id.empty()) request.set_request_id(StrCat(id, "-", i));
    const auto created = client.Call(&Stub::CreateJob, request);
    status = created.status();
    if (!status.ok()) break;
    std::vector<std::string> row = {created->job().id(), created->job().spec().name()};
    row.insert(row.end(), specs[i].values.begin(), specs[i].values.end());
    table.Add(row);
    StrAppend(&ids, created->job().id(), "\n");
    if (context.output != Output::kTable) context.terminal.out << ToJson(*created, false);
  }
  if (context.output == Output::kTable) table.Print(context.terminal.out, context.terminal.width);
  const absl::Status written = WriteIds(options, ids);
  return status.ok() ? written : status;
}

absl::Status PlanAll(const TrainerClient& client, const std::vector<SweptSpec>& specs,
                     Context& context) {
  for (const SweptSpec& one : specs) {
    v1::PlanJobRequest request;
    *request.mutable_spec() = one.spec;
    ASSIGN_OR_RETURN(const auto plan, client.Call(&Stub::PlanJob, request));
    if (context.output != Output::kTable) {
      context.terminal.out << ToJson(plan, context.output == Output::kJson);
      continue;
    }
    if (specs.size() > 1) context.terminal.out << "== " << one.spec.name() << " ==\n";
    PrintPlan(context.terminal.out, plan);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunTrain(TrainOptions& options, Context& context) {
  const TrainerClient client(context, context.trainer);
  RETURN_IF_ERROR(ReadSettings(options));
  // Refused before anything is uploaded.
  RETURN_IF_ERROR(ExpandSweeps(options.request.spec(), options.sweeps).status());
  RETURN_IF_ERROR(UploadFiles(client, options, context));
  ASSIGN_OR_RETURN(const auto specs, ExpandSweeps(options.request.spec(), options.sweeps));
  if (options.dry_run) return PlanAll(client, specs, context);
  if (!options.sweeps.empty()) return CreateAll(client, options, specs, context);
  return CreateOne(client, options, context);
}

}  // namespace tact::ctl

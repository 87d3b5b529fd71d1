#include "services/tactctl/job_export.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <ostream>
#include <system_error>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/client.h"
#include "services/tactctl/output.h"
#include "services/tactctl/progress.h"
#include "tact/v1/trainer.grpc.pb.h"

namespace tact::ctl {
namespace {

namespace fs = std::filesystem;

bool IsPlainName(const std::string& name) {
  return !name.empty() && name[0] != '.' && name.find('/') == name.npos;
}

// Writes the files of a stream, one after the other, into a folder.
class FolderWriter {
 public:
  explicit FolderWriter(fs::path folder) : folder_(std::move(folder)) {}

  absl::Status Take(const v1::ExportModelResponse& part) {
    if (part.has_file()) return Begin(part.file());
    if (!out_.is_open()) return absl::DataLossError("a chunk came before its file");
    hash_.Update(part.chunk());
    written_ += part.chunk().size();
    out_.write(part.chunk().data(), static_cast<std::streamsize>(part.chunk().size()));
    return out_ ? absl::OkStatus() : CannotWrite();
  }

  // After the last part.
  absl::Status Finish() {
    if (!out_.is_open()) return absl::OkStatus();
    out_.close();
    if (out_.fail()) return CannotWrite();
    if (written_ != file_.bytes() || hash_.HexDigest() != file_.sha256()) {
      return absl::DataLossError(
          StrCat(file_.name(), ": what came does not match its SHA-256; export it again"));
    }
    files_.push_back(file_);
    return SyncPath(folder_ / file_.name());
  }

  const std::vector<v1::ExportedFile>& files() const { return files_; }
  std::string Progress() { return transfer_.Line(file_.name(), written_, file_.bytes()); }

 private:
  absl::Status Begin(const v1::ExportedFile& file) {
    RETURN_IF_ERROR(Finish());
    if (!IsPlainName(file.name())) {
      return absl::DataLossError(
          StrCat("a file is named ", file.name(), ", which is no plain name"));
    }
    file_ = file;
    hash_ = Sha256();
    written_ = 0;
    out_.open(folder_ / file.name(), std::ios::binary | std::ios::trunc);
    return out_ ? absl::OkStatus() : CannotWrite();
  }
  absl::Status CannotWrite() const {
    return absl::ResourceExhaustedError(
        StrCat((folder_ / file_.name()).string(), ": cannot write"));
  }

  const fs::path folder_;
  std::ofstream out_;
  v1::ExportedFile file_;
  Sha256 hash_;
  uint64_t written_ = 0;
  Transfer transfer_;
  std::vector<v1::ExportedFile> files_;
};

absl::Status Receive(const Client<v1::TrainerService>& client,
                     const v1::ExportModelRequest& request, FolderWriter& writer,
                     Context& context) {
  grpc::ClientContext call;
  Progress progress(context.terminal);
  const auto reader = client.stub().ExportModel(&call, request);
  absl::Status written;
  for (v1::ExportModelResponse part; written.ok() && reader->Read(&part);) {
    written = writer.Take(part);
    if (context.terminal.err_is_terminal) progress.Update(writer.Progress());
  }
  if (!written.ok()) call.TryCancel();
  const grpc::Status status = reader->Finish();
  RETURN_IF_ERROR(written);
  if (!status.ok()) return ExplainFailure(client.service(), status, call);
  return writer.Finish();
}

absl::StatusOr<fs::path> MakeTemporary(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error)) {
    return MakeError(absl::StatusCode::kAlreadyExists,
                     {"EXISTS", "--out", folder.string(), "name another folder, or remove it"},
                     "there is something already");
  }
  const fs::path temporary = StrCat(folder.string(), ".", getpid(), ".tmp");
  fs::create_directories(temporary, error);
  if (!error) return temporary;
  return FieldError("--out", folder.string(), StrCat("cannot make it: ", error.message()),
                    "name a folder that can be made");
}

void PrintFiles(const std::vector<v1::ExportedFile>& files, const std::string& folder,
                Context& context) {
  if (context.output != Output::kTable) {
    for (const v1::ExportedFile& file : files) context.terminal.out << ToJson(file, false);
    return;
  }
  Table table({"FILE", "BYTES", "SHA-256"});
  for (const v1::ExportedFile& file : files) {
    table.Add({file.name(), StrCat(file.bytes()), file.sha256()});
  }
  table.Print(context.terminal.out, context.terminal.width);
  context.terminal.out << "written to " << folder << '\n';
}

}  // namespace

absl::Status ExportJob(const std::string& id, const ExportOptions& options, Context& context) {
  const Client<v1::TrainerService> client(context, context.trainer);
  const fs::path folder = fs::absolute(options.folder).lexically_normal();
  ASSIGN_OR_RETURN(const fs::path temporary, MakeTemporary(folder));
  const absl::Cleanup remove = [&] {
    std::error_code error;
    fs::remove_all(temporary, error);
  };
  v1::ExportModelRequest request;
  request.set_id(id);
  request.set_merge_adapter(options.merge);
  FolderWriter writer(temporary);
  RETURN_IF_ERROR(Receive(client, request, writer, context));
  RETURN_IF_ERROR(SyncPath(temporary));
  std::error_code error;
  fs::rename(temporary, folder, error);
  if (error) return absl::AlreadyExistsError(StrCat(folder.string(), ": ", error.message()));
  RETURN_IF_ERROR(SyncPath(folder.parent_path()));
  PrintFiles(writer.files(), options.folder, context);
  return absl::OkStatus();
}

absl::Status ListCheckpoints(const std::string& id, Context& context) {
  const Client<v1::TrainerService> client(context, context.trainer);
  v1::ListCheckpointsRequest request;
  request.set_id(id);
  ASSIGN_OR_RETURN(const auto list,
                   client.Call(&v1::TrainerService::Stub::ListCheckpoints, request));
  if (context.output != Output::kTable) {
    context.terminal.out << ToJson(list, context.output == Output::kJson);
    return absl::OkStatus();
  }
  Table table({"STEP", "BYTES", "CREATED", "METRIC", "BEST", "DAMAGE"});
  for (const v1::Checkpoint& one : list.checkpoints()) {
    table.Add({StrCat(one.step()), StrCat(one.bytes()), Timestamp(one.created_at()),
               one.has_metric() ? Number(one.metric(), 4) : "", one.is_best() ? "best" : "",
               one.damage()});
  }
  table.Print(context.terminal.out, context.terminal.width);
  return absl::OkStatus();
}

}  // namespace tact::ctl

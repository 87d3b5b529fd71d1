#include "services/tactctl/upload.h"

#include <algorithm>
#include <filesystem>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact::ctl {
namespace {

constexpr size_t kChunkBytes = 512 << 10;

v1::UploadDatasetRequest Header(const std::string& path, const std::string& bytes,
                                v1::DatasetKind kind) {
  v1::UploadDatasetRequest request;
  v1::UploadHeader* header = request.mutable_header();
  header->set_filename(std::filesystem::path(path).filename().string());
  header->set_kind(kind);
  header->set_sha256(Sha256Hex(bytes));
  header->set_total_bytes(bytes.size());
  return request;
}

// A write that fails means that the server has answered already: its status comes from Finish.
void WriteAll(grpc::ClientWriter<v1::UploadDatasetRequest>& writer,
              const v1::UploadDatasetRequest& header, const std::string& bytes) {
  bool open = writer.Write(header);
  for (size_t begin = 0; open && begin < bytes.size(); begin += kChunkBytes) {
    v1::UploadDatasetRequest part;
    part.set_chunk(bytes.substr(begin, kChunkBytes));
    open = writer.Write(part);
  }
  writer.WritesDone();
}

}  // namespace

v1::DatasetKind GuessDatasetKind(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  const auto names = [line](std::string_view column) { return line.find(column) != line.npos; };
  const bool pairs = names("prompt") && names("response") && !names("dialogue");
  return pairs ? v1::DATASET_KIND_PAIRS : v1::DATASET_KIND_DIALOGUES;
}

absl::StatusOr<v1::UploadDatasetResponse> UploadFile(const Client<v1::TrainerService>& client,
                                                     const std::string& path,
                                                     v1::DatasetKind kind) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  if (kind == v1::DATASET_KIND_UNSPECIFIED) kind = GuessDatasetKind(bytes);
  grpc::ClientContext call;
  v1::UploadDatasetResponse response;
  const auto writer = client.stub().UploadDataset(&call, &response);
  WriteAll(*writer, Header(path, bytes, kind), bytes);
  const grpc::Status status = writer->Finish();
  if (!status.ok()) return ExplainFailure(client.service(), status, call);
  return response;
}

}  // namespace tact::ctl

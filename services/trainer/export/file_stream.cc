#include "services/trainer/export/file_stream.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

namespace fs = std::filesystem;

constexpr size_t kChunkBytes = 1 << 20;

absl::Status ReadChunks(const fs::path& path,
                        const std::function<absl::Status(std::string_view)>& take) {
  std::ifstream in(path, std::ios::binary);
  std::string chunk;
  while (in) {
    chunk.resize(kChunkBytes);
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    chunk.resize(static_cast<size_t>(in.gcount()));
    if (!chunk.empty()) RETURN_IF_ERROR(take(chunk));
  }
  if (in.eof()) return absl::OkStatus();
  return absl::UnavailableError(StrCat(path.string(), ": cannot read"));
}

absl::StatusOr<v1::ExportedFile> Describe(const fs::path& path) {
  v1::ExportedFile file;
  file.set_name(path.filename().string());
  Sha256 hash;
  RETURN_IF_ERROR(ReadChunks(path, [&](std::string_view chunk) {
    hash.Update(chunk);
    file.set_bytes(file.bytes() + chunk.size());
    return absl::OkStatus();
  }));
  file.set_sha256(hash.HexDigest());
  return file;
}

absl::Status Send(const v1::ExportModelResponse& message, const ExportWriter& write) {
  return write(message) ? absl::OkStatus() : absl::CancelledError("the receiver has gone");
}

absl::Status StreamFile(const fs::path& path, const ExportWriter& write) {
  v1::ExportModelResponse message;
  ASSIGN_OR_RETURN(*message.mutable_file(), Describe(path));
  const v1::ExportedFile file = message.file();
  RETURN_IF_ERROR(Send(message, write));
  uint64_t sent = 0;
  RETURN_IF_ERROR(ReadChunks(path, [&](std::string_view chunk) {
    sent += chunk.size();
    message.set_chunk(std::string(chunk));
    return Send(message, write);
  }));
  if (sent == file.bytes()) return absl::OkStatus();
  return absl::DataLossError(StrCat(path.string(), ": changed while it was sent; export it again"));
}

}  // namespace

absl::Status StreamFolder(const fs::path& folder, const ExportWriter& write) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file(error)) files.push_back(entry.path());
  }
  if (error || files.empty()) {
    return absl::DataLossError(StrCat(folder.string(), ": the result is not there any more"));
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) RETURN_IF_ERROR(StreamFile(file, write));
  return absl::OkStatus();
}

}  // namespace tact

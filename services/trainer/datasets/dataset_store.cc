#include "services/trainer/datasets/dataset_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>

#include "absl/strings/match.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/text/dataset.h"
#include "services/trainer/checkpoint/atomic_folder.h"

namespace tact {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string_view KindName(v1::DatasetKind kind) {
  switch (kind) {
    case v1::DATASET_KIND_PAIRS:
      return "pairs";
    case v1::DATASET_KIND_LABELLED:
      return "labelled";
    default:
      return "dialogues";
  }
}

bool IsHexDigest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

absl::Status CheckHeader(const v1::UploadHeader& header, uint64_t max_bytes) {
  if (!absl::EndsWith(header.filename(), ".jsonl") && !absl::EndsWith(header.filename(), ".csv")) {
    return FieldError("header.filename", header.filename(), "unknown kind of file",
                      "name a file that ends with .jsonl or .csv");
  }
  if (header.kind() < v1::DATASET_KIND_DIALOGUES || header.kind() > v1::DATASET_KIND_LABELLED) {
    return FieldError("header.kind", StrCat(header.kind()), "unknown kind of data set",
                      "choose DIALOGUES, PAIRS or LABELLED");
  }
  if (!IsHexDigest(header.sha256())) {
    return FieldError("header.sha256", header.sha256(), "not a SHA-256",
                      "give 64 lower-case hexadecimal digits");
  }
  if (header.total_bytes() == 0 || header.total_bytes() > max_bytes) {
    return FieldError("header.total_bytes", StrCat(header.total_bytes()),
                      StrCat("outside 1 to ", max_bytes),
                      "upload a smaller file or raise --max-dataset-mb");
  }
  return absl::OkStatus();
}

// What is known of a data set once its bytes are read.
struct Contents {
  size_t examples = 0;
  bool has_references = true;
};

absl::StatusOr<Contents> ParseContents(std::string_view bytes, const v1::UploadHeader& header) {
  Contents out;
  if (header.kind() == v1::DATASET_KIND_PAIRS) {
    ASSIGN_OR_RETURN(const auto pairs, ParsePromptPairs(bytes, header.filename()));
    out.examples = pairs.size();
  } else if (header.kind() == v1::DATASET_KIND_LABELLED) {
    ASSIGN_OR_RETURN(const auto texts, ParseLabelledTexts(bytes, header.filename()));
    out.examples = texts.size();
  } else {
    DatasetOptions options;
    options.references_required = false;
    ASSIGN_OR_RETURN(const auto dialogues, ParseDialogues(bytes, header.filename(), options));
    out.examples = dialogues.size();
    for (const auto& dialogue : dialogues) out.has_references &= !dialogue.references.empty();
  }
  if (out.examples > 0) return out;
  return FieldError(header.filename(), "0 examples", "the file is empty", "upload some examples");
}

}  // namespace

DatasetStore::Upload::Upload(const DatasetStore& store, v1::UploadHeader header, fs::path temporary)
    : store_(store), header_(std::move(header)), temporary_(std::move(temporary)) {}

DatasetStore::Upload::~Upload() {
  if (fd_ >= 0) ::close(fd_);
  std::error_code error;
  fs::remove(temporary_, error);
}

absl::Status DatasetStore::Upload::Append(std::string_view chunk) {
  bytes_ += chunk.size();
  if (bytes_ > header_.total_bytes()) {
    return FieldError("header.total_bytes", StrCat(header_.total_bytes()),
                      "more bytes came than announced", "give the size of the whole file");
  }
  hash_.Update(chunk);
  while (!chunk.empty()) {
    const ssize_t n = ::write(fd_, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      return absl::ResourceExhaustedError(
          StrCat("the trainer cannot store the data set: ", std::strerror(errno)));
    }
    chunk.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status DatasetStore::Upload::CheckComplete() {
  if (bytes_ != header_.total_bytes()) {
    return FieldError("header.total_bytes", StrCat(header_.total_bytes()),
                      StrCat("only ", bytes_, " bytes came"), "send the whole file");
  }
  if (const std::string digest = hash_.HexDigest(); digest != header_.sha256()) {
    return MakeError(absl::StatusCode::kDataLoss,
                     {"CHECKSUM_MISMATCH", "header.sha256", header_.sha256(), "send it again"},
                     StrCat("the bytes that came have SHA-256 ", digest));
  }
  return absl::OkStatus();
}

absl::StatusOr<StoredDataset> DatasetStore::Upload::Finish() {
  RETURN_IF_ERROR(CheckComplete());
  return store_.Store(temporary_, header_);
}

absl::StatusOr<std::unique_ptr<DatasetStore::Upload>> DatasetStore::Begin(
    const v1::UploadHeader& header) const {
  static std::atomic<uint64_t> counter = 0;
  RETURN_IF_ERROR(CheckHeader(header, max_bytes_));
  RETURN_IF_ERROR(MakeFolder(folder_));
  const fs::path temporary = folder_ / StrCat("upload-", ::getpid(), "-", counter++, ".tmp");
  auto upload = std::unique_ptr<Upload>(new Upload(*this, header, temporary));
  upload->fd_ = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (upload->fd_ < 0) {
    return absl::ResourceExhaustedError(
        StrCat(temporary.string(), ": cannot create: ", std::strerror(errno)));
  }
  return upload;
}

absl::StatusOr<StoredDataset> DatasetStore::Store(const fs::path& temporary,
                                                  const v1::UploadHeader& header) const {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(temporary, max_bytes_));
  ASSIGN_OR_RETURN(const Contents contents, ParseContents(bytes, header));
  const std::string id = StrCat(KindName(header.kind()), "-", header.sha256().substr(0, 16));
  const bool csv = absl::EndsWith(header.filename(), ".csv");
  const std::string file = StrCat(id, csv ? ".csv" : ".jsonl");
  RETURN_IF_ERROR(WriteFileAtomically(folder_ / file, bytes));
  const json about = {{"kind", static_cast<int>(header.kind())},
                      {"examples", contents.examples},
                      {"has_references", contents.has_references},
                      {"file", file},
                      {"filename", header.filename()},
                      {"bytes", bytes.size()},
                      {"sha256", header.sha256()}};
  RETURN_IF_ERROR(WriteFileAtomically(folder_ / StrCat(id, ".json"), about.dump(2)));
  return Find(id);
}

absl::StatusOr<StoredDataset> DatasetStore::Find(std::string_view id) const {
  ASSIGN_OR_RETURN(const fs::path path, ConfinePath(folder_, StrCat(id, ".json")));
  const absl::StatusOr<std::string> text = ReadFile(path, 1 << 20);
  if (!text.ok()) {
    return MakeError(absl::StatusCode::kNotFound,
                     {"UNKNOWN_DATASET", "dataset_id", Shorten(id), "upload it with UploadDataset"},
                     "there is no such data set");
  }
  const json about = json::parse(*text, nullptr, false);
  if (!about.is_object() || !about.contains("file")) {
    return absl::DataLossError(StrCat(path.string(), ": damaged; upload the data set again"));
  }
  return CatchExceptions(path.string(), [&]() -> absl::StatusOr<StoredDataset> {
    return Describe(std::string(id), about);
  });
}

StoredDataset DatasetStore::Describe(std::string id, const json& about) const {
  StoredDataset out;
  out.id = std::move(id);
  out.kind = static_cast<v1::DatasetKind>(about.value("kind", 0));
  out.examples = about.value("examples", 0u);
  out.has_references = about.value("has_references", true);
  const std::string file = about.value("file", "");
  out.path = folder_ / file;
  out.filename = about.value("filename", file);
  std::error_code error;
  const uint64_t size = fs::file_size(out.path, error);
  out.bytes = about.value("bytes", error ? uint64_t{0} : size);
  return out;
}

std::vector<StoredDataset> DatasetStore::List() const {
  std::vector<StoredDataset> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().extension() != ".json") continue;
    const absl::StatusOr<StoredDataset> found = Find(entry.path().stem().string());
    if (found.ok()) out.push_back(*found);
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return out;
}

}  // namespace tact

#include "services/evaluation/store/record_file.h"

#include <string>
#include <string_view>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr std::string_view kMagic = "tact-evaluation-1 ";
constexpr size_t kDigestSize = 64;

absl::Status Damaged(const std::filesystem::path& path, std::string_view problem) {
  return MakeError(absl::StatusCode::kDataLoss,
                   {"DAMAGED_FILE", path.string(), std::string(problem),
                    "restore the file from a backup, or remove it and run the evaluation again"},
                   "not a whole evaluation record");
}

}  // namespace

absl::Status WriteRecord(const std::filesystem::path& path, const v1::Evaluation& record) {
  const std::string body = record.SerializeAsString();
  return WriteFileAtomically(path, StrCat(kMagic, Sha256Hex(body), "\n", body));
}

absl::StatusOr<v1::Evaluation> ReadRecord(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  const size_t header = kMagic.size() + kDigestSize + 1;
  if (!std::string_view(bytes).starts_with(kMagic)) return Damaged(path, "a foreign header");
  if (bytes.size() < header) return Damaged(path, StrCat(bytes.size(), " bytes"));
  const std::string_view body = std::string_view(bytes).substr(header);
  if (std::string_view(bytes).substr(kMagic.size(), kDigestSize) != Sha256Hex(body)) {
    return Damaged(path, "another SHA-256 than its header says");
  }
  v1::Evaluation record;
  if (!record.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return Damaged(path, "bytes that do not parse");
  }
  return record;
}

}  // namespace tact

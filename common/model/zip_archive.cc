#include "common/model/zip_archive.h"

#include <zip.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr char kFix[] = "download or save the file again";
constexpr uint64_t kMinInflated = uint64_t{64} << 20, kMaxInflation = 32;
constexpr size_t kSmallestEntry = 46;  // bytes of an entry in the central directory
constexpr size_t kTail = 65536 + 64;   // where the end records are: behind them a comment at most
constexpr size_t kEndRecord64 = 56, kLocator64 = 20;

absl::Status CorruptFile(std::string_view file, const std::string& found,
                         const std::string& problem) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {"CORRUPT_ZIP", std::string(file), found, kFix}, problem);
}

uint64_t Unsigned64(std::span<const std::byte> bytes, size_t at) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

bool HasSignature(std::span<const std::byte> bytes, size_t at, const char (&signature)[5]) {
  return at + 4 <= bytes.size() && std::memcmp(bytes.data() + at, signature, 4) == 0;
}

// libzip makes room for as many entries as a zip64 end record claims, before it looks for them.
absl::Status CheckEntryCount(std::span<const std::byte> bytes, std::string_view file) {
  const size_t first = bytes.size() > kTail ? bytes.size() - kTail : 0;
  for (size_t at = first; at + kLocator64 <= bytes.size(); ++at) {
    if (!HasSignature(bytes, at, "PK\6\7")) continue;
    const uint64_t record = Unsigned64(bytes, at + 8);
    if (record > bytes.size() || bytes.size() - record < kEndRecord64) continue;
    if (!HasSignature(bytes, record, "PK\6\6")) continue;
    const uint64_t entries =
        std::max(Unsigned64(bytes, record + 24), Unsigned64(bytes, record + 32));
    if (entries <= bytes.size() / kSmallestEntry) continue;
    return CorruptFile(
        file, StrCat(entries, " entries"),
        StrCat("an archive of ", bytes.size(), " bytes cannot hold so many entries"));
  }
  return absl::OkStatus();
}

// Closes an entry at the end of its scope.
struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using OpenFile = std::unique_ptr<zip_file_t, CloseFile>;

}  // namespace

uint64_t MaxInflated(uint64_t bytes) { return std::max(kMinInflated, kMaxInflation * bytes); }

void ZipArchive::Discard::operator()(zip* archive) const { zip_discard(archive); }

ZipArchive::ZipArchive(zip* archive, std::string_view name, uint64_t bytes)
    : archive_(archive), name_(name), stored_left_(bytes), deflated_left_(MaxInflated(bytes)) {}

absl::StatusOr<ZipArchive> ZipArchive::Open(std::span<const std::byte> bytes,
                                            std::string_view name) {
  RETURN_IF_ERROR(CheckEntryCount(bytes, name));
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip* archive = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error);
  const std::string problem = archive == nullptr ? zip_error_strerror(&error) : "";
  zip_error_fini(&error);
  if (archive != nullptr) return ZipArchive(archive, name, bytes.size());
  if (source != nullptr) zip_source_free(source);
  return CorruptFile(name, StrCat(bytes.size(), " bytes"),
                     StrCat("cannot be read as a zip archive (", problem, ")"));
}

std::vector<std::string> ZipArchive::names() const {
  std::vector<std::string> out;
  const int64_t entries = zip_get_num_entries(archive_.get(), 0);
  for (int64_t i = 0; i < entries; ++i) {
    const char* name = zip_get_name(archive_.get(), i, ZIP_FL_ENC_RAW);
    if (name != nullptr) out.emplace_back(name);
  }
  return out;
}

absl::Status ZipArchive::Corrupt(const std::string& entry, const std::string& found,
                                 const std::string& problem) const {
  return CorruptFile(StrCat(name_, ": ", entry), found, problem);
}

absl::Status ZipArchive::Spend(const std::string& entry, uint64_t size, bool stored) {
  uint64_t& left = stored ? stored_left_ : deflated_left_;
  if (size > left) {
    return Corrupt(entry, StrCat(size, " bytes"),
                   StrCat("the entries claim more than an archive of this size may hold, ", left,
                          " bytes are left"));
  }
  left -= size;
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> ZipArchive::SizeOf(const std::string& entry) const {
  zip_stat_t stat;
  if (zip_stat(archive_.get(), entry.c_str(), ZIP_FL_ENC_RAW, &stat) == 0 &&
      (stat.valid & ZIP_STAT_SIZE) != 0) {
    return stat.size;
  }
  return MakeError(absl::StatusCode::kNotFound,
                   {"CORRUPT_ZIP", StrCat(name_, ": ", entry), "", kFix},
                   "the archive has no such entry");
}

absl::StatusOr<ByteBuffer> ZipArchive::Read(const std::string& entry) {
  ASSIGN_OR_RETURN(const uint64_t size, SizeOf(entry));
  zip_stat_t stat;
  zip_stat(archive_.get(), entry.c_str(), ZIP_FL_ENC_RAW, &stat);
  RETURN_IF_ERROR(Spend(entry, size, stat.comp_method == ZIP_CM_STORE));
  const OpenFile file(zip_fopen(archive_.get(), entry.c_str(), ZIP_FL_ENC_RAW));
  if (file == nullptr) {
    return Corrupt(entry, "", StrCat("cannot be opened: ", zip_strerror(archive_.get())));
  }
  ByteBuffer out{std::make_unique_for_overwrite<std::byte[]>(size), size};
  const int64_t read = zip_fread(file.get(), out.data.get(), size);
  // Only a read that meets the end verifies the checksum.
  std::byte beyond;
  const int64_t rest = zip_fread(file.get(), &beyond, 1);
  if (read == static_cast<int64_t>(size) && rest == 0) return out;
  return Corrupt(entry, StrCat(std::max<int64_t>(read, 0), " bytes"),
                 StrCat("expected ", size, " bytes with the right checksum (",
                        zip_error_strerror(zip_file_get_error(file.get())), ")"));
}

}  // namespace tact

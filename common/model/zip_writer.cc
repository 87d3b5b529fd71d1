#include <zip.h>

#include <memory>

#include "common/base/strings.h"
#include "common/model/zip_archive.h"

namespace tact {
namespace {

constexpr uint16_t kNoTime = 0, kFirstDay = 33;  // 1980-01-01, the earliest there is

absl::Status Failed(zip_error_t* error) {
  return absl::InternalError(StrCat("writing a zip archive: ", zip_error_strerror(error)));
}

absl::Status AddEntry(zip_t* archive, const ZipEntry& entry, bool deflate) {
  zip_source_t* content = zip_source_buffer(archive, entry.content.data(), entry.content.size(), 0);
  const int64_t at = zip_file_add(archive, entry.name.c_str(), content, ZIP_FL_ENC_UTF_8);
  if (at < 0) {
    zip_source_free(content);
    return Failed(zip_get_error(archive));
  }
  zip_set_file_compression(archive, at, deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  zip_file_set_dostime(archive, at, kNoTime, kFirstDay, 0);
  return absl::OkStatus();
}

absl::Status Fill(zip_source_t* target, const std::vector<ZipEntry>& entries, bool deflate) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_keep(target);  // the archive drops one reference
  zip_t* archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  if (archive == nullptr) {
    zip_source_free(target);
    return Failed(&error);
  }
  for (const ZipEntry& entry : entries) {
    const absl::Status added = AddEntry(archive, entry, deflate);
    if (added.ok()) continue;
    zip_discard(archive);
    return added;
  }
  if (zip_close(archive) == 0) return absl::OkStatus();
  const absl::Status failed = Failed(zip_get_error(archive));
  zip_discard(archive);
  return failed;
}

}  // namespace

absl::StatusOr<std::string> SerializeZip(const std::vector<ZipEntry>& entries, bool deflate) {
  const std::unique_ptr<zip_source_t, void (*)(zip_source_t*)> target(
      zip_source_buffer_create(nullptr, 0, 0, nullptr), zip_source_free);
  if (target == nullptr) return absl::ResourceExhaustedError("writing a zip archive: no memory");
  if (absl::Status filled = Fill(target.get(), entries, deflate); !filled.ok()) return filled;
  zip_stat_t stat;
  zip_source_stat(target.get(), &stat);
  std::string out(stat.size, '\0');
  const bool read =
      zip_source_open(target.get()) == 0 &&
      zip_source_read(target.get(), out.data(), out.size()) == static_cast<int64_t>(out.size());
  zip_source_close(target.get());
  if (!read) return Failed(zip_source_error(target.get()));
  return out;
}

}  // namespace tact

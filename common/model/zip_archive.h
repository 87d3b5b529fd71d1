// Entries of a zip archive in memory, through libzip, within limits: an archive can claim to hold
// far more than it does. Entries stored as they are may come to the archive's own size together,
// deflated ones to 32 times that (or 64 MiB). Checksums are verified.
#ifndef TACT_COMMON_MODEL_ZIP_ARCHIVE_H_
#define TACT_COMMON_MODEL_ZIP_ARCHIVE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

struct zip;

namespace tact {

// Bytes that nobody has to clear before they are filled.
struct ByteBuffer {
  std::unique_ptr<std::byte[]> data;
  size_t size = 0;

  std::span<const std::byte> bytes() const { return {data.get(), size}; }
};

// What `bytes` of a file may grow to when it is unpacked: 32 times as much, or 64 MiB.
uint64_t MaxInflated(uint64_t bytes);

class ZipArchive {
 public:
  // `bytes` must outlive the object; `name` is for errors.
  static absl::StatusOr<ZipArchive> Open(std::span<const std::byte> bytes, std::string_view name);

  std::vector<std::string> names() const;  // in the order of the archive
  // NOT_FOUND if there is no such entry.
  absl::StatusOr<uint64_t> SizeOf(const std::string& entry) const;
  // The whole entry, inflated where need be; counts against the limits.
  absl::StatusOr<ByteBuffer> Read(const std::string& entry);

 private:
  struct Discard {
    void operator()(zip* archive) const;
  };
  ZipArchive(zip* archive, std::string_view name, uint64_t bytes);
  absl::Status Corrupt(const std::string& entry, const std::string& found,
                       const std::string& problem) const;
  absl::Status Spend(const std::string& entry, uint64_t size, bool stored);

  std::unique_ptr<zip, Discard> archive_;
  std::string name_;
  uint64_t stored_left_, deflated_left_;
};

struct ZipEntry {
  std::string name;
  std::span<const std::byte> content;
};

// An archive of these entries, stored or deflated; the same entries give the same bytes.
absl::StatusOr<std::string> SerializeZip(const std::vector<ZipEntry>& entries,
                                         bool deflate = false);

}  // namespace tact

#endif  // TACT_COMMON_MODEL_ZIP_ARCHIVE_H_

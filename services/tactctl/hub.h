// Files of a model hub over HTTPS: <endpoint>/<org>/<name>/resolve/<revision>/<file>.
#ifndef TACT_SERVICES_TACTCTL_HUB_H_
#define TACT_SERVICES_TACTCTL_HUB_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tact::ctl {

struct HubOptions {
  std::string endpoint;  // "https://host[:port][/prefix]"
  std::string ca_file;   // PEM; "" trusts the system's certificates
};

struct Url {
  std::string origin;  // "https://host:port"
  std::string path;    // "/a/b?c", never empty
};

// INVALID_ARGUMENT for anything but http and https with a host.
absl::StatusOr<Url> ParseUrl(const std::string& url);
// `location` of a redirect, seen from `from`: absolute, or a path on the same host.
absl::StatusOr<Url> ResolveRedirect(const Url& from, const std::string& location);
// The 64 hexadecimal digits of an ETag that is a SHA-256, lower case; "" for any other.
std::string Sha256OfEtag(std::string etag);

struct RemoteFile {
  uint64_t size = 0;
  std::string sha256;  // "" if the hub does not say
};

// done and total bytes of the file that is being fetched.
using DownloadProgress = std::function<void(uint64_t, uint64_t)>;

class Hub {
 public:
  // `repository` is "org/name".
  static absl::StatusOr<Hub> Open(const HubOptions& options, const std::string& repository,
                                  const std::string& revision);

  // What the hub says about a file: size, and SHA-256 from X-Linked-ETag or ETag. NOT_FOUND if it
  // has none of that name, PERMISSION_DENIED if it wants a login, UNAVAILABLE if it cannot be
  // reached.
  absl::StatusOr<RemoteFile> Stat(const std::string& file) const;

  // Fetches `file` into `folder`: into <file>.part, going on where an earlier try stopped, then
  // checks size and SHA-256 (DATA_LOSS if they differ), fsyncs and renames. A file that is already
  // there and equal is left alone.
  absl::Status Fetch(const std::string& file, const RemoteFile& remote,
                     const std::filesystem::path& folder, const DownloadProgress& progress) const;

 private:
  Hub(HubOptions options, Url base) : options_(std::move(options)), base_(std::move(base)) {}
  Url UrlOf(const std::string& file) const;
  absl::Status Download(const std::string& file, const RemoteFile& remote,
                        const std::filesystem::path& part, const DownloadProgress& progress) const;

  HubOptions options_;
  Url base_;  // up to "/resolve/<revision>/"
};

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_HUB_H_

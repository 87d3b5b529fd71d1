#include "services/tactctl/hub.h"

#include <httplib.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact::ctl {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxRedirects = 5;
constexpr int kMaxTries = 4;
constexpr size_t kHashChunk = 1 << 20;

httplib::Client MakeHttpClient(const HubOptions& options, const Url& url) {
  httplib::Client client(url.origin);
  client.set_connection_timeout(15, 0);
  client.set_read_timeout(60, 0);
  client.set_keep_alive(false);
  client.set_url_encode(false);  // a redirect's address is encoded already
  if (!options.ca_file.empty()) client.set_ca_cert_path(options.ca_file.c_str());
  return client;
}

httplib::Headers PlainHeaders() {
  return {{"Accept-Encoding", "identity"}, {"User-Agent", "tactctl"}};
}

std::string Text(const Url& url) { return StrCat(url.origin, url.path); }

absl::Status TransportError(const Url& url, httplib::Error error) {
  const bool certificate =
      error == httplib::Error::SSLServerVerification || error == httplib::Error::SSLLoadingCerts;
  return MakeError(
      absl::StatusCode::kUnavailable,
      {"HUB_UNREACHABLE", url.origin, httplib::to_string(error),
       certificate ? "name the authority's certificates with --ca-file"
                   : "check the network and --endpoint, then run it again: it goes on where it "
                     "stopped"},
      certificate ? "the server's certificate is not trusted" : "cannot be reached");
}

absl::Status HttpError(const Url& url, int status) {
  const std::string found = StrCat("HTTP ", status);
  if (status == 404) {
    return MakeError(absl::StatusCode::kNotFound,
                     {"NOT_ON_HUB", Text(url), found, "check name and --revision"},
                     "the hub has no such file");
  }
  if (status == 401 || status == 403) {
    return MakeError(absl::StatusCode::kPermissionDenied,
                     {"HUB_REFUSES", Text(url), found,
                      "check the name; models that need a login must be fetched by hand"},
                     "the hub refuses");
  }
  return MakeError(absl::StatusCode::kUnavailable,
                   {"HUB_ERROR", Text(url), found, "try again later"}, "unexpected answer");
}

bool IsRedirect(int status) { return status >= 300 && status < 400 && status != 304; }

uint64_t SizeHeader(const httplib::Response& response, const char* name) {
  uint64_t size = 0;
  return absl::SimpleAtoi(response.get_header_value(name), &size) ? size : 0;
}

// X-Linked-* on the first answer speak of the file itself, also where it redirects to a store.
void TakeHeaders(const httplib::Response& response, RemoteFile& file) {
  if (file.sha256.empty()) file.sha256 = Sha256OfEtag(response.get_header_value("X-Linked-ETag"));
  if (file.sha256.empty()) file.sha256 = Sha256OfEtag(response.get_header_value("ETag"));
  if (file.size == 0) file.size = SizeHeader(response, "X-Linked-Size");
  if (file.size == 0 && response.status == 200) file.size = SizeHeader(response, "Content-Length");
}

absl::StatusOr<std::string> HashFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(StrCat(path.string(), ": cannot be read"));
  Sha256 hash;
  std::string chunk(kHashChunk, '\0');
  while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || in.gcount() > 0) {
    hash.Update(std::string_view(chunk.data(), static_cast<size_t>(in.gcount())));
  }
  return hash.HexDigest();
}

uint64_t SizeOf(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : size;
}

absl::Status CheckFile(const fs::path& path, const std::string& name, const RemoteFile& remote) {
  const uint64_t size = SizeOf(path);
  if (size != remote.size) {
    return absl::DataLossError(
        StrCat(name, ": ", size, " bytes, the hub says ", remote.size, "; run it again"));
  }
  if (remote.sha256.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string found, HashFile(path));
  if (found == remote.sha256) return absl::OkStatus();
  return absl::DataLossError(StrCat(name, ": SHA-256 is ", found, ", the hub says ", remote.sha256,
                                    "; run it again to fetch it anew"));
}

// One GET into `part` from its end on, redirects followed. Returns the last answer's status.
class PartDownload {
 public:
  PartDownload(const HubOptions& options, const fs::path& part, uint64_t total,
               const DownloadProgress& progress)
      : options_(options), part_(part), total_(total), progress_(progress) {}

  absl::Status Run(Url url) {
    for (int i = 0; i <= kMaxRedirects; ++i) {
      location_.clear();
      RETURN_IF_ERROR(Get(url));
      if (location_.empty()) return absl::OkStatus();
      ASSIGN_OR_RETURN(url, ResolveRedirect(url, location_));
    }
    return absl::UnavailableError(StrCat(Text(url), ": too many redirects"));
  }

 private:
  absl::Status Get(const Url& url) {
    done_ = SizeOf(part_);
    httplib::Client client = MakeHttpClient(options_, url);
    httplib::Headers headers = PlainHeaders();
    if (done_ > 0) headers.emplace("Range", StrCat("bytes=", done_, "-"));
    const auto result = client.Get(
        url.path, headers, [this](const httplib::Response& response) { return Begin(response); },
        [this](const char* data, size_t size) { return Append(data, size); });
    out_.close();
    if (!failure_.ok()) return failure_;
    if (!result) return TransportError(url, result.error());
    if (IsRedirect(result->status)) return absl::OkStatus();
    return result->status == 200 || result->status == 206 ? absl::OkStatus()
                                                          : HttpError(url, result->status);
  }

  bool Begin(const httplib::Response& response) {
    writing_ = response.status == 200 || response.status == 206;
    if (IsRedirect(response.status)) location_ = response.get_header_value("Location");
    if (!writing_) return true;
    if (response.status == 200) done_ = 0;  // the server ignores Range
    out_.open(part_, std::ios::binary | (done_ > 0 ? std::ios::app : std::ios::trunc));
    return true;
  }

  bool Append(const char* data, size_t size) {
    if (!writing_) return true;
    out_.write(data, static_cast<std::streamsize>(size));
    if (!out_) {
      failure_ = absl::ResourceExhaustedError(
          StrCat(part_.string(), ": cannot be written; is the disk full?"));
      return false;
    }
    done_ += size;
    if (progress_) progress_(done_, total_);
    return done_ <= total_;
  }

  const HubOptions& options_;
  const fs::path& part_;
  const uint64_t total_;
  const DownloadProgress& progress_;
  std::ofstream out_;
  bool writing_ = false;
  uint64_t done_ = 0;
  std::string location_;
  absl::Status failure_;
};

}  // namespace

absl::StatusOr<Hub> Hub::Open(const HubOptions& options, const std::string& repository,
                              const std::string& revision) {
  auto base = ParseUrl(options.endpoint);
  if (!base.ok()) return Annotate(base.status(), "--endpoint");
  const std::string prefix = base->path == "/" ? "" : base->path;
  base->path =
      StrCat(prefix, prefix.ends_with("/") ? "" : "/", repository, "/resolve/", revision, "/");
  return Hub(options, *std::move(base));
}

Url Hub::UrlOf(const std::string& file) const { return {base_.origin, StrCat(base_.path, file)}; }

absl::StatusOr<RemoteFile> Hub::Stat(const std::string& file) const {
  RemoteFile remote;
  Url url = UrlOf(file);
  for (int i = 0; i <= kMaxRedirects; ++i) {
    httplib::Client client = MakeHttpClient(options_, url);
    const auto result = client.Head(url.path, PlainHeaders());
    if (!result) return TransportError(url, result.error());
    TakeHeaders(*result, remote);
    if (result->status == 200) return remote;
    if (!IsRedirect(result->status)) return HttpError(url, result->status);
    if (remote.size > 0 && !remote.sha256.empty()) return remote;
    ASSIGN_OR_RETURN(url, ResolveRedirect(url, result->get_header_value("Location")));
  }
  return absl::UnavailableError(StrCat(Text(url), ": too many redirects"));
}

absl::Status Hub::Download(const std::string& file, const RemoteFile& remote, const fs::path& part,
                           const DownloadProgress& progress) const {
  absl::Status status;
  for (int i = 0; i < kMaxTries && SizeOf(part) < remote.size; ++i) {
    status = PartDownload(options_, part, remote.size, progress).Run(UrlOf(file));
    if (!status.ok() && !absl::IsUnavailable(status)) return status;
  }
  return SizeOf(part) < remote.size ? status : absl::OkStatus();
}

absl::Status Hub::Fetch(const std::string& file, const RemoteFile& remote, const fs::path& folder,
                        const DownloadProgress& progress) const {
  const fs::path target = folder / file;
  const fs::path part = folder / (file + ".part");
  if (fs::exists(target) && CheckFile(target, file, remote).ok()) return absl::OkStatus();
  if (remote.size == 0) std::ofstream(part, std::ios::trunc);
  RETURN_IF_ERROR(Download(file, remote, part, progress));
  if (const absl::Status status = CheckFile(part, file, remote); !status.ok()) {
    std::error_code ignored;
    fs::remove(part, ignored);
    return status;
  }
  RETURN_IF_ERROR(SyncPath(part));
  std::error_code error;
  fs::rename(part, target, error);
  if (error) return absl::InternalError(StrCat(target.string(), ": ", error.message()));
  return SyncPath(folder);
}

}  // namespace tact::ctl

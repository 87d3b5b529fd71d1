#include "common/rpc/certificate_feed.h"

#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/rpc/anonymous_file.h"
#include "common/rpc/poller.h"

namespace tact {
namespace {

constexpr unsigned kRefreshSeconds = 1;
constexpr absl::Duration kWarnBefore = absl::Hours(24 * 7);

std::string Names(const TlsFiles& files) {
  return files.certificate.path.empty() ? files.authorities.path : files.certificate.path;
}

// gRPC's own watcher hands on whatever the files hold, and with a key that does not fit its
// certificate every handshake fails; it therefore watches files in memory that only valid material
// gets into. Key and chain are one file, so that they change together.
class Feed {
 public:
  explicit Feed(TlsFiles files) : files_(std::move(files)) {}

  absl::Status Begin() {
    ASSIGN_OR_RETURN(const TlsMaterial material, ReadTlsFiles(files_, absl::Now()));
    return Take(material);
  }

  CertificateProvider Provider() const {
    return std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
        identity_.path(), identity_.path(), authorities_.path(), kRefreshSeconds);
  }

  void Look() {
    const absl::StatusOr<TlsMaterial> material = ReadTlsFiles(files_, absl::Now());
    if (!material.ok()) return Complain(material.status());
    if (*material == current_) return complaint_.clear();
    const absl::Status taken = Take(*material);
    if (!taken.ok()) return Complain(taken);
    complaint_.clear();
    LogInfo("certificates were read again from ", Names(files_), ", valid until ",
            absl::FormatTime(current_.expires));
  }

 private:
  absl::Status Take(const TlsMaterial& material) {
    if (!material.identity.empty()) RETURN_IF_ERROR(identity_.Replace(material.identity));
    if (!material.authorities.empty()) RETURN_IF_ERROR(authorities_.Replace(material.authorities));
    current_ = material;
    if (material.expires - absl::Now() < kWarnBefore) {
      LogWarning("the certificate in ", files_.certificate.path, " expires on ",
                 absl::FormatTime(material.expires));
    }
    return absl::OkStatus();
  }

  void Complain(const absl::Status& status) {
    const std::string text(status.message());
    if (text == complaint_) return;
    complaint_ = text;
    LogError("certificates stay as they were: ", text);
  }

  const TlsFiles files_;
  AnonymousFile identity_, authorities_;
  TlsMaterial current_;
  std::string complaint_;  // so that each is logged once
};

}  // namespace

absl::StatusOr<CertificateProvider> FeedCertificates(const TlsFiles& files) {
  auto feed = std::make_shared<Feed>(files);
  RETURN_IF_ERROR(feed->Begin());
  EverySecond([feed] { feed->Look(); });
  return feed->Provider();
}

}  // namespace tact

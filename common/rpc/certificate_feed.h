// What TLS credentials read their certificates from: files that are looked at every second, and
// taken over only when they are whole and valid. Damaged, half-written or expired new files change
// nothing and are logged.
#ifndef TACT_COMMON_RPC_CERTIFICATE_FEED_H_
#define TACT_COMMON_RPC_CERTIFICATE_FEED_H_

#include <grpcpp/security/tls_certificate_provider.h>

#include <memory>

#include "absl/status/statusor.h"
#include "common/rpc/tls_files.h"

namespace tact {

using CertificateProvider = std::shared_ptr<grpc::experimental::CertificateProviderInterface>;

// New connections use renewed files within 3 s of their change. The files are watched for as long
// as the process lives. Errors: those of ReadTlsFiles.
absl::StatusOr<CertificateProvider> FeedCertificates(const TlsFiles& files);

}  // namespace tact

#endif  // TACT_COMMON_RPC_CERTIFICATE_FEED_H_

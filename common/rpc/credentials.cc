#include "common/rpc/credentials.h"

#include <grpcpp/security/tls_credentials_options.h>

#include <CLI/CLI.hpp>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/certificate_feed.h"

namespace tact {
namespace {

namespace experimental = grpc::experimental;

absl::StatusOr<ClientCredentials> MakeTlsCredentials(const TlsFiles& files) {
  if (files.authorities.path.empty()) {
    const TlsFile& given = files.certificate.path.empty() ? files.key : files.certificate;
    if (given.path.empty()) return grpc::InsecureChannelCredentials();
    return FieldError(given.flag, given.path, StrCat("is given without ", files.authorities.flag),
                      StrCat("pass ", files.authorities.flag,
                             " FILE, the certificates of who signed the server's"));
  }
  ASSIGN_OR_RETURN(const CertificateProvider provider, FeedCertificates(files));
  experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(provider);
  options.watch_root_certs();
  if (!files.certificate.path.empty()) options.watch_identity_key_cert_pairs();
  return experimental::TlsCredentials(options);
}

}  // namespace

void AddServerTlsFlags(CLI::App& app, ServerTls& tls) {
  app.add_option("--tls-cert", tls.certificate, "PEM certificate chain of this service: TLS");
  app.add_option("--tls-key", tls.key, "PEM private key of --tls-cert");
  app.add_option("--tls-client-ca", tls.client_ca,
                 "PEM certificates that clients must be signed by: mutual TLS, and roles");
}

void AddPeerTlsFlag(CLI::App& app, ServerTls& tls) {
  app.add_option("--tls-ca", tls.peer_ca,
                 "PEM certificates that the called services are signed by [--tls-client-ca]");
}

void AddClientTlsFlags(CLI::App& app, ClientTls& tls) {
  app.add_option("--ca", tls.ca, "PEM certificates that the services are signed by: TLS")
      ->envname("TACT_CA");
  app.add_option("--cert", tls.certificate, "PEM certificate to show to services, with --key")
      ->envname("TACT_CERT");
  app.add_option("--key", tls.key, "PEM private key of --cert")->envname("TACT_KEY");
}

absl::StatusOr<ServerCredentials> MakeServerCredentials(const ServerTls& tls) {
  if (!tls.enabled()) {
    if (tls.client_ca.empty()) return grpc::InsecureServerCredentials();
    return FieldError("--tls-client-ca", tls.client_ca, "is given without --tls-cert",
                      "pass --tls-cert FILE and --tls-key FILE too");
  }
  ASSIGN_OR_RETURN(const CertificateProvider provider,
                   FeedCertificates({{"--tls-cert", tls.certificate},
                                     {"--tls-key", tls.key},
                                     {"--tls-client-ca", tls.client_ca}}));
  experimental::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  if (!tls.client_ca.empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return experimental::TlsServerCredentials(options);
}

absl::StatusOr<ClientCredentials> MakeClientCredentials(const ClientTls& tls) {
  return MakeTlsCredentials({{"--cert", tls.certificate}, {"--key", tls.key}, {"--ca", tls.ca}});
}

absl::StatusOr<ClientCredentials> MakePeerCredentials(const ServerTls& tls) {
  if (tls.peer_ca.empty() && tls.client_ca.empty()) return grpc::InsecureChannelCredentials();
  const TlsFile authorities = tls.peer_ca.empty() ? TlsFile{"--tls-client-ca", tls.client_ca}
                                                  : TlsFile{"--tls-ca", tls.peer_ca};
  return MakeTlsCredentials({{"--tls-cert", tls.certificate}, {"--tls-key", tls.key}, authorities});
}

}  // namespace tact

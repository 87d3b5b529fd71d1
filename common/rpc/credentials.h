// TLS of servers and clients: flags, and the credentials that come of them. Without flags both
// sides speak plain HTTP/2.
#ifndef TACT_COMMON_RPC_CREDENTIALS_H_
#define TACT_COMMON_RPC_CREDENTIALS_H_

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace CLI {
class App;
}

namespace tact {

using ClientCredentials = std::shared_ptr<grpc::ChannelCredentials>;
using ServerCredentials = std::shared_ptr<grpc::ServerCredentials>;

struct ServerTls {
  std::string certificate, key;  // PEM files; empty: no TLS
  std::string client_ca;         // authorities of clients, who must then show a certificate
  std::string peer_ca;           // authorities of the services that this one calls [client_ca]

  bool enabled() const { return !certificate.empty() || !key.empty(); }
};

struct ClientTls {
  std::string ca;                // authorities of servers; empty: no TLS
  std::string certificate, key;  // what the client shows of itself; may be empty
};

// --tls-cert, --tls-key, --tls-client-ca.
void AddServerTlsFlags(CLI::App& app, ServerTls& tls);
// --tls-ca, of a service that calls others.
void AddPeerTlsFlag(CLI::App& app, ServerTls& tls);
// --ca, --cert, --key, or TACT_CA, TACT_CERT, TACT_KEY.
void AddClientTlsFlags(CLI::App& app, ClientTls& tls);

// Plain credentials where no certificate is named. With client_ca, who shows no certificate that
// those authorities have signed gets no connection. Files are watched (see certificate_feed.h).
absl::StatusOr<ServerCredentials> MakeServerCredentials(const ServerTls& tls);
absl::StatusOr<ClientCredentials> MakeClientCredentials(const ClientTls& tls);
// For the calls of a service: it shows the certificate that it serves with.
absl::StatusOr<ClientCredentials> MakePeerCredentials(const ServerTls& tls);

}  // namespace tact

#endif  // TACT_COMMON_RPC_CREDENTIALS_H_

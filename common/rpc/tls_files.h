// Certificates, keys and authorities as files: read, and checked before a handshake meets them.
#ifndef TACT_COMMON_RPC_TLS_FILES_H_
#define TACT_COMMON_RPC_TLS_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tact {

// A file and the flag that named it; an empty path is a flag that was not given.
struct TlsFile {
  std::string flag, path;
};

struct TlsFiles {
  TlsFile certificate;  // PEM, the leaf first, then its chain
  TlsFile key;          // PEM, without a password
  TlsFile authorities;  // PEM bundle that the other side's certificates are checked against
};

// What they hold, as PEM; empty where no file was named.
struct TlsMaterial {
  std::string identity;  // the key, then the chain
  std::string authorities;
  absl::Time expires = absl::InfiniteFuture();  // of the leaf

  bool operator==(const TlsMaterial&) const = default;
};

// INVALID_ARGUMENT names flag, file and cure: a file that cannot be read or holds no PEM, a key
// that does not fit the certificate, a certificate that has expired or is not valid yet,
// authorities of which none is valid, a certificate without its key or the other way round.
absl::StatusOr<TlsMaterial> ReadTlsFiles(const TlsFiles& files, absl::Time now);

}  // namespace tact

#endif  // TACT_COMMON_RPC_TLS_FILES_H_

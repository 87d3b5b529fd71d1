// The certificates of tactctl up --tls: an authority of the cluster's own and what it signs, in the
// files that scripts/make-certs makes too (ca.pem and ca.key; NAME.pem and NAME.key).
#ifndef TACT_SERVICES_TACTCTL_AUTHORITY_H_
#define TACT_SERVICES_TACTCTL_AUTHORITY_H_

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "common/rpc/credentials.h"

namespace tact::ctl {

inline constexpr int kCertificateDays = 365;  // of what is issued; the authority lasts ten years

// Certificates for localhost and 127.0.0.1: one for each service, and one for each of the roles
// client and admin. An authority that is there is kept, so that clients go on trusting it; all else
// is made anew. Keys are readable by this user alone. Errors name the folder.
absl::Status IssueCertificates(const std::filesystem::path& folder);

// What a service named `name` is started with, and what tactctl shows as an admin.
ServerTls ServiceCertificates(const std::filesystem::path& folder, std::string_view name);
ClientTls AdminCertificates(const std::filesystem::path& folder);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_AUTHORITY_H_

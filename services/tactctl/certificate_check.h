// Certificates as doctor looks at them: readable, with their key, valid for a while, for this name.
#ifndef TACT_SERVICES_TACTCTL_CERTIFICATE_CHECK_H_
#define TACT_SERVICES_TACTCTL_CERTIFICATE_CHECK_H_

#include <filesystem>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/rpc/tls_files.h"
#include "services/tactctl/finding.h"

namespace tact::ctl {

// Fails for what ReadTlsFiles refuses, for an authority that has not signed the certificate, and
// for a `host` (a name or an address; "" is not asked for) that the certificate does not name.
// Warns 30 days before the end.
Finding CheckCertificate(const TlsFiles& files, const std::string& host, absl::Time now);

// Each NAME.pem with NAME.key in a folder of scripts/make-certs or tactctl up --tls, against its
// ca.pem; certificates of the services must name `host`.
std::vector<Finding> CheckCertificateFolder(const std::filesystem::path& folder,
                                            const std::string& host, absl::Time now);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_CERTIFICATE_CHECK_H_

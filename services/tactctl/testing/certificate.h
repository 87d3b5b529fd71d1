// A self-signed certificate for 127.0.0.1 and localhost, made on the spot.
#ifndef TACT_SERVICES_TACTCTL_TESTING_CERTIFICATE_H_
#define TACT_SERVICES_TACTCTL_TESTING_CERTIFICATE_H_

#include <filesystem>

namespace tact::testing {

struct CertificateFiles {
  std::filesystem::path certificate;  // PEM
  std::filesystem::path key;          // PEM
};

CertificateFiles MakeCertificate(const std::filesystem::path& folder);

}  // namespace tact::testing

#endif  // TACT_SERVICES_TACTCTL_TESTING_CERTIFICATE_H_

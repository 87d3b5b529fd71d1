// Certificates made on the spot: an authority, and what it signs, right or wrong in one way.
#ifndef TACT_COMMON_RPC_TESTING_CERTIFICATES_H_
#define TACT_COMMON_RPC_TESTING_CERTIFICATES_H_

#include <filesystem>
#include <memory>
#include <string>

namespace tact::testing {

struct CertificateOptions {
  std::string common_name = "localhost";
  std::string unit = {};                                  // OU: the role
  std::string names = "DNS:localhost,IP:127.0.0.1";       // subject alternative names
  long begins_seconds = -3600, ends_seconds = 24 * 3600;  // from now
};

struct CertificateFiles {
  std::filesystem::path certificate, key;  // PEM
};

class Authority {
 public:
  // Files go to `folder`; `name` tells authorities apart.
  explicit Authority(std::filesystem::path folder, std::string name = "ca");
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  const std::filesystem::path& certificate() const { return certificate_; }
  // NAME.pem and NAME.key, replaced one after the other where they are there already.
  CertificateFiles Issue(const std::string& name, const CertificateOptions& options = {}) const;
  // For 127.0.0.1, with a role.
  CertificateFiles IssueRole(const std::string& name, const std::string& role) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::filesystem::path folder_, certificate_;
};

}  // namespace tact::testing

#endif  // TACT_COMMON_RPC_TESTING_CERTIFICATES_H_

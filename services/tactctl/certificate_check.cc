#include "services/tactctl/certificate_check.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "common/base/strings.h"
#include "services/tactctl/service_table.h"

namespace tact::ctl {
namespace {

constexpr absl::Duration kSoon = absl::Hours(24 * 30);

struct ReleaseX509 {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
};
using PemReader = std::unique_ptr<BIO, ReleaseX509>;
using LeafCertificate = std::unique_ptr<X509, ReleaseX509>;

PemReader ReadPem(const std::string& pem) {
  return PemReader(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

bool SignedBy(X509& leaf, const std::string& authorities) {
  const std::unique_ptr<X509_STORE, ReleaseX509> store(X509_STORE_new());
  const PemReader bio = ReadPem(authorities);
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(store.get(), one);
    X509_free(one);
  }
  const std::unique_ptr<X509_STORE_CTX, ReleaseX509> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), &leaf, nullptr);
  const bool good = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  return good;
}

bool Names(X509& leaf, const std::string& host) {
  return X509_check_ip_asc(&leaf, host.c_str(), 0) == 1 ||
         X509_check_host(&leaf, host.c_str(), host.size(), 0, nullptr) == 1;
}

Finding Failed(std::string found, std::string advice) {
  return {"", Verdict::kFail, std::move(found), std::move(advice)};
}

Finding JudgeMaterial(const TlsMaterial& material, const std::string& host, absl::Time now) {
  if (material.identity.empty()) return {"", Verdict::kOk, "authorities can be read", ""};
  const LeafCertificate leaf(
      PEM_read_bio_X509(ReadPem(material.identity).get(), nullptr, nullptr, nullptr));
  if (!material.authorities.empty() && !SignedBy(*leaf, material.authorities)) {
    return Failed("is not signed by the authority", "issue it again, e.g. with scripts/make-certs");
  }
  if (!host.empty() && !Names(*leaf, host)) {
    return Failed(StrCat("does not name ", host),
                  StrCat("issue it with that name: scripts/make-certs FOLDER ", host));
  }
  const auto days = absl::ToInt64Hours(material.expires - now) / 24;
  const std::string found = StrCat("fits its key, expires in ", days, " days");
  if (material.expires - now > kSoon) return {"", Verdict::kOk, found, ""};
  return {"", Verdict::kWarn, found, "renew it, e.g. with scripts/make-certs"};
}

}  // namespace

Finding CheckCertificate(const TlsFiles& files, const std::string& host, absl::Time now) {
  const std::string& path =
      files.certificate.path.empty() ? files.authorities.path : files.certificate.path;
  const auto material = ReadTlsFiles(files, now);
  Finding finding =
      material.ok() ? JudgeMaterial(*material, host, now)
                    : Failed(std::string(material.status().message()), "mend or renew the file");
  finding.check = StrCat("certificate ", std::filesystem::path(path).filename().string());
  return finding;
}

std::vector<Finding> CheckCertificateFolder(const std::filesystem::path& folder,
                                            const std::string& host, absl::Time now) {
  std::error_code error;
  std::vector<std::filesystem::path> certificates;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto& path = entry.path();
    if (path.extension() == ".pem" && path.stem() != "ca") certificates.push_back(path);
  }
  if (certificates.empty()) {
    return {{"certificates", Verdict::kFail, StrCat(folder.string(), " holds none"),
             "make them with scripts/make-certs, or with tactctl up --tls"}};
  }
  std::sort(certificates.begin(), certificates.end());
  std::vector<Finding> findings;
  for (const auto& path : certificates) {
    auto key = path;
    key.replace_extension(".key");
    const bool serves = DefaultPort(path.stem().string()) != 0;
    findings.push_back(CheckCertificate({{"--tls-cert", path.string()},
                                         {"--tls-key", key.string()},
                                         {"--tls-client-ca", (folder / "ca.pem").string()}},
                                        serves ? host : "", now));
  }
  return findings;
}

}  // namespace tact::ctl

#include "common/rpc/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr size_t kMaxFile = 1 << 20;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

// A key with a password is an error here, not a question on the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

Bio Open(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::vector<Certificate> ParseCertificates(const std::string& pem) {
  std::vector<Certificate> out;
  const Bio bio = Open(pem);
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr)) {
    out.emplace_back(one);
  }
  ERR_clear_error();
  return out;
}

// Whether a text ends inside of a certificate, or holds one that is damaged: as a file does that
// somebody is writing.
bool IsCutOff(const std::string& pem, size_t certificates) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----", kEnd = "-----END";
  size_t begun = 0;
  for (size_t at = pem.find(kBegin); at != pem.npos; at = pem.find(kBegin, at + 1)) ++begun;
  const std::string_view last = std::string_view(pem).substr(pem.rfind('\n') + 1);
  return begun > certificates || (last.starts_with('-') && !last.starts_with(kEnd));
}

absl::StatusOr<std::vector<Certificate>> CertificatesOf(const TlsFile& file, const std::string& pem,
                                                        std::string_view cure) {
  std::vector<Certificate> out = ParseCertificates(pem);
  if (out.empty()) return FieldError(file.flag, file.path, "holds no PEM certificate", cure);
  if (!IsCutOff(pem, out.size())) return out;
  return FieldError(file.flag, file.path, "holds a certificate that is cut off or damaged",
                    "write the whole file, best beside it and then renamed over it");
}

Key ParseKey(const std::string& pem) {
  Key key(PEM_read_bio_PrivateKey(Open(pem).get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  return key;
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTimeT(timegm(&parts));
}

std::string Day(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

absl::Status CheckDates(const TlsFile& file, const X509& certificate, absl::Time now) {
  const absl::Time begins = TimeOf(X509_get0_notBefore(&certificate));
  const absl::Time ends = TimeOf(X509_get0_notAfter(&certificate));
  if (now >= ends) {
    return FieldError(file.flag, file.path, StrCat("the certificate expired on ", Day(ends)),
                      "renew it, e.g. with scripts/make-certs");
  }
  if (now < begins) {
    return FieldError(file.flag, file.path,
                      StrCat("the certificate is not valid before ", Day(begins)),
                      "set this machine's clock right, or renew the certificate");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Read(const TlsFile& file) {
  auto text = ReadFile(file.path, kMaxFile);
  if (text.ok()) return text;
  return FieldError(file.flag, file.path, StrCat("cannot be read (", text.status().message(), ")"),
                    "name a PEM file that this user may read");
}

absl::Status CheckPair(const TlsFiles& files) {
  const bool has_certificate = !files.certificate.path.empty();
  if (has_certificate == !files.key.path.empty()) return absl::OkStatus();
  const TlsFile& given = has_certificate ? files.certificate : files.key;
  const TlsFile& missing = has_certificate ? files.key : files.certificate;
  return FieldError(given.flag, given.path, StrCat("is given without ", missing.flag),
                    StrCat("pass ", missing.flag, " FILE too"));
}

absl::Status ReadIdentity(const TlsFiles& files, absl::Time now, TlsMaterial& out) {
  ASSIGN_OR_RETURN(const std::string chain, Read(files.certificate));
  ASSIGN_OR_RETURN(const std::string key_text, Read(files.key));
  ASSIGN_OR_RETURN(const std::vector<Certificate> certificates,
                   CertificatesOf(files.certificate, chain,
                                  "name the file that begins with -----BEGIN CERTIFICATE-----"));
  const Key key = ParseKey(key_text);
  if (key == nullptr) {
    return FieldError(files.key.flag, files.key.path, "holds no PEM private key without a password",
                      "name the key's file, and take its password off with \"openssl pkey\"");
  }
  if (X509_check_private_key(certificates.front().get(), key.get()) != 1) {
    ERR_clear_error();
    return FieldError(files.key.flag, files.key.path,
                      StrCat("does not fit the certificate of ", files.certificate.flag, " ",
                             files.certificate.path),
                      "name the key that the certificate was made with");
  }
  RETURN_IF_ERROR(CheckDates(files.certificate, *certificates.front(), now));
  out.identity = StrCat(key_text, "\n", chain);
  out.expires = TimeOf(X509_get0_notAfter(certificates.front().get()));
  return absl::OkStatus();
}

absl::Status ReadAuthorities(const TlsFile& file, absl::Time now, TlsMaterial& out) {
  ASSIGN_OR_RETURN(out.authorities, Read(file));
  ASSIGN_OR_RETURN(
      const std::vector<Certificate> certificates,
      CertificatesOf(file, out.authorities, "name the file of the authority's certificates"));
  absl::Status last;
  for (const Certificate& certificate : certificates) {
    last = CheckDates(file, *certificate, now);
    if (last.ok()) return last;
  }
  return last;
}

}  // namespace

absl::StatusOr<TlsMaterial> ReadTlsFiles(const TlsFiles& files, absl::Time now) {
  RETURN_IF_ERROR(CheckPair(files));
  TlsMaterial out;
  if (!files.certificate.path.empty()) RETURN_IF_ERROR(ReadIdentity(files, now, out));
  if (!files.authorities.path.empty()) {
    RETURN_IF_ERROR(ReadAuthorities(files.authorities, now, out));
  }
  return out;
}

}  // namespace tact

#include "services/tactctl/authority.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact::ctl {
namespace {

namespace fs = std::filesystem;

constexpr long kDaySeconds = 24 * 3600;
constexpr long kHourSeconds = 3600;  // a clock that runs behind accepts them all the same
constexpr char kNames[] = "DNS:localhost,IP:127.0.0.1";

struct Release {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
template <typename T>
using Owned = std::unique_ptr<T, Release>;

// A key and the certificate that says whose it is.
struct Identity {
  Owned<EVP_PKEY> key;
  Owned<X509> certificate;
};

// Who gets one, under which organisational unit (see roles.h).
struct Subject {
  const char* name;
  const char* role;  // "": a service that calls no other
};
constexpr Subject kSubjects[] = {{"policy", ""},         {"reward", ""},
                                 {"trainer", "trainer"}, {"evaluation", "evaluator"},
                                 {"client", "client"},   {"admin", "admin"}};

absl::Status Refused(const char* what) {
  return absl::InternalError(StrCat("OpenSSL refused to make ", what));
}

void AddEntry(X509_NAME* name, const char* field, const std::string& value) {
  if (value.empty()) return;
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
}

bool Extend(X509& certificate, X509& issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  return extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

// 63 random bits, so that no two certificates of an authority have the same number.
bool DrawSerial(X509& certificate) {
  uint64_t number = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof(number)) != 1) return false;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(&certificate), number >> 1) == 1;
}

// Without issuer, extensions and signature.
absl::StatusOr<Identity> Begin(const std::string& name, const std::string& role, long days) {
  Identity out{Owned<EVP_PKEY>(EVP_EC_gen("P-256")), Owned<X509>(X509_new())};
  if (out.key == nullptr || out.certificate == nullptr) return Refused("a key");
  X509& certificate = *out.certificate;
  X509_set_version(&certificate, X509_VERSION_3);
  if (!DrawSerial(certificate)) return Refused("a serial number");
  X509_gmtime_adj(X509_getm_notBefore(&certificate), -kHourSeconds);
  X509_gmtime_adj(X509_getm_notAfter(&certificate), days * kDaySeconds);
  X509_set_pubkey(&certificate, out.key.get());
  AddEntry(X509_get_subject_name(&certificate), "OU", role);
  AddEntry(X509_get_subject_name(&certificate), "CN", name);
  return out;
}

template <typename Write>
std::string ToPem(const Write& write) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

// The key first, and never readable by others: a file is there whole or not at all.
absl::Status Save(const Identity& identity, const fs::path& folder, const std::string& name) {
  const fs::path key = folder / (name + ".key");
  RETURN_IF_ERROR(WriteFileAtomically(key, ToPem([&](BIO* bio) {
                                        PEM_write_bio_PrivateKey(bio, identity.key.get(), nullptr,
                                                                 nullptr, 0, nullptr, nullptr);
                                      })));
  fs::permissions(key, fs::perms::owner_read | fs::perms::owner_write);
  return WriteFileAtomically(folder / (name + ".pem"), ToPem([&](BIO* bio) {
                               PEM_write_bio_X509(bio, identity.certificate.get());
                             }));
}

absl::StatusOr<Identity> MakeAuthority(const fs::path& folder) {
  ASSIGN_OR_RETURN(Identity authority, Begin("tact authority", "", 10 * kCertificateDays));
  X509& own = *authority.certificate;
  X509_set_issuer_name(&own, X509_get_subject_name(&own));
  const bool extended = Extend(own, own, NID_basic_constraints, "critical,CA:TRUE") &&
                        Extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                        Extend(own, own, NID_subject_key_identifier, "hash");
  if (!extended || X509_sign(&own, authority.key.get(), EVP_sha256()) == 0) {
    return Refused("an authority");
  }
  RETURN_IF_ERROR(Save(authority, folder, "ca"));
  return authority;
}

absl::StatusOr<Identity> LoadAuthority(const fs::path& folder) {
  ASSIGN_OR_RETURN(const std::string key, ReadFile(folder / "ca.key"));
  ASSIGN_OR_RETURN(const std::string certificate, ReadFile(folder / "ca.pem"));
  const Owned<BIO> key_bio(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
  const Owned<BIO> bio(BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size())));
  Identity authority{
      Owned<EVP_PKEY>(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr)),
      Owned<X509>(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))};
  const bool fits = authority.key != nullptr && authority.certificate != nullptr &&
                    X509_check_private_key(authority.certificate.get(), authority.key.get()) == 1;
  if (fits) return authority;
  return FieldError("ca.key", folder.string(), "is no key of ca.pem",
                    "remove both, so that a new authority is made");
}

absl::Status Issue(const Identity& authority, const Subject& subject, const fs::path& folder) {
  ASSIGN_OR_RETURN(Identity issued, Begin(subject.name, subject.role, kCertificateDays));
  X509& one = *issued.certificate;
  X509& issuer = *authority.certificate;
  X509_set_issuer_name(&one, X509_get_subject_name(&issuer));
  const bool extended = Extend(one, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
                        Extend(one, issuer, NID_subject_alt_name, kNames);
  if (!extended || X509_sign(&one, authority.key.get(), EVP_sha256()) == 0) {
    return Refused("a certificate");
  }
  return Save(issued, folder, subject.name);
}

}  // namespace

absl::Status IssueCertificates(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) {
    return FieldError("--data-dir", folder.string(), error.message(),
                      "choose a folder that you may write");
  }
  const bool there = fs::exists(folder / "ca.key");
  ASSIGN_OR_RETURN(const Identity authority, there ? LoadAuthority(folder) : MakeAuthority(folder));
  for (const Subject& subject : kSubjects) RETURN_IF_ERROR(Issue(authority, subject, folder));
  return absl::OkStatus();
}

ServerTls ServiceCertificates(const fs::path& folder, std::string_view name) {
  return {(folder / StrCat(name, ".pem")).string(), (folder / StrCat(name, ".key")).string(),
          (folder / "ca.pem").string(), ""};
}

ClientTls AdminCertificates(const fs::path& folder) {
  return {(folder / "ca.pem").string(), (folder / "admin.pem").string(),
          (folder / "admin.key").string()};
}

}  // namespace tact::ctl

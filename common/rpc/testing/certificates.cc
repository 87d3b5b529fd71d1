#include "common/rpc/testing/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <utility>

namespace tact::testing {
namespace {

std::atomic<long> serial = 1;

void AddName(X509_NAME* name, const char* field, const std::string& value) {
  if (value.empty()) return;
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
}

void AddExtension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* NewCertificate(const CertificateOptions& options, EVP_PKEY* key) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), options.begins_seconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate), options.ends_seconds);
  X509_set_pubkey(certificate, key);
  AddName(X509_get_subject_name(certificate), "CN", options.common_name);
  AddName(X509_get_subject_name(certificate), "OU", options.unit);
  return certificate;
}

void WriteCertificate(const std::filesystem::path& path, X509* certificate) {
  std::FILE* out = std::fopen(path.c_str(), "w");
  PEM_write_X509(out, certificate);
  std::fclose(out);
}

void WriteKey(const std::filesystem::path& path, EVP_PKEY* key) {
  std::FILE* out = std::fopen(path.c_str(), "w");
  PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(out);
}

}  // namespace

struct Authority::State {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = nullptr;
  ~State() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
};

Authority::Authority(std::filesystem::path folder, std::string name)
    : state_(std::make_unique<State>()), folder_(std::move(folder)) {
  CertificateOptions options;
  options.common_name = "test authority " + name;
  X509* own = NewCertificate(options, state_->key);
  X509_set_issuer_name(own, X509_get_subject_name(own));
  AddExtension(own, own, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(own, own, NID_subject_key_identifier, "hash");
  X509_sign(own, state_->key, EVP_sha256());
  state_->certificate = own;
  certificate_ = folder_ / (name + ".pem");
  WriteCertificate(certificate_, own);
}

Authority::~Authority() = default;

CertificateFiles Authority::Issue(const std::string& name,
                                  const CertificateOptions& options) const {
  const CertificateFiles files{folder_ / (name + ".pem"), folder_ / (name + ".key")};
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = NewCertificate(options, key);
  X509_set_issuer_name(certificate, X509_get_subject_name(state_->certificate));
  AddExtension(certificate, state_->certificate, NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(certificate, state_->certificate, NID_subject_alt_name, options.names);
  X509_sign(certificate, state_->key, EVP_sha256());
  WriteKey(files.key, key);
  WriteCertificate(files.certificate, certificate);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

CertificateFiles Authority::IssueRole(const std::string& name, const std::string& role) const {
  CertificateOptions options;
  options.common_name = name;
  options.unit = role;
  return Issue(name, options);
}

}  // namespace tact::testing

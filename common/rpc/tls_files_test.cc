// Certificates, keys and authorities as files: what is taken, and what is told about the rest.
#include "common/rpc/tls_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/time/clock.h"
#include "common/rpc/testing/certificates.h"

namespace tact {
namespace {

namespace fs = std::filesystem;
using testing::Authority;
using testing::CertificateFiles;
using testing::CertificateOptions;
using ::testing::HasSubstr;

std::string TextOf(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

void WriteText(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

class TlsFilesTest : public ::testing::Test {
 protected:
  TlsFilesTest() : folder_(MakeFolder()), authority_(folder_), own_(authority_.Issue("own")) {}
  ~TlsFilesTest() override { fs::remove_all(folder_); }

  static fs::path MakeFolder() {
    std::string pattern = (fs::temp_directory_path() / "tact-tls-files-XXXXXX").string();
    return mkdtemp(pattern.data());
  }

  TlsFiles Files() const {
    return {{"--tls-cert", own_.certificate},
            {"--tls-key", own_.key},
            {"--tls-client-ca", authority_.certificate()}};
  }
  static absl::StatusOr<TlsMaterial> Read(const TlsFiles& files) {
    return ReadTlsFiles(files, absl::Now());
  }

  const fs::path folder_;
  const Authority authority_;
  const CertificateFiles own_;
};

TEST_F(TlsFilesTest, WholeFilesAreTakenAsTheyAre) {
  const auto material = Read(Files());
  ASSERT_TRUE(material.ok()) << material.status();
  EXPECT_EQ(material->identity, TextOf(own_.key) + "\n" + TextOf(own_.certificate));
  EXPECT_EQ(material->authorities, TextOf(authority_.certificate()));
  EXPECT_GT(material->expires, absl::Now());
  EXPECT_EQ(*Read({}), TlsMaterial());
}

TEST_F(TlsFilesTest, ErrorsNameFlagFileAndCure) {
  CertificateOptions old, early;
  old.ends_seconds = -60;
  early.begins_seconds = 3600;
  const CertificateFiles expired = authority_.Issue("expired", old);
  const CertificateFiles future = authority_.Issue("future", early);
  const CertificateFiles other = authority_.Issue("other");
  const fs::path empty = folder_ / "empty.pem";
  WriteText(empty, "");
  const TlsFile certificate = Files().certificate, key = Files().key, none = {};
  const struct {
    TlsFiles files;
    std::vector<std::string> says;
  } cases[] = {
      {{{"--tls-cert", "/nowhere.pem"}, key, none}, {"--tls-cert", "/nowhere.pem", "name a PEM"}},
      {{certificate, {"--tls-key", "/nowhere.key"}, none}, {"--tls-key", "/nowhere.key"}},
      {{certificate, key, {"--tls-ca", folder_}}, {"--tls-ca", "not a regular file"}},
      {{{"--tls-cert", empty}, key, none}, {"--tls-cert", "empty.pem", "no PEM certificate"}},
      {{{"--tls-cert", own_.key}, key, none}, {"--tls-cert", "no PEM certificate"}},
      {{certificate, {"--tls-key", empty}, none}, {"--tls-key", "no PEM private key"}},
      {{certificate, {"--tls-key", other.key}, none}, {"--tls-key", "other.key", "does not fit"}},
      {{{"--tls-cert", expired.certificate}, {"--tls-key", expired.key}, none},
       {"--tls-cert", "expired.pem", "expired on", "renew it"}},
      {{{"--tls-cert", future.certificate}, {"--tls-key", future.key}, none},
       {"--tls-cert", "future.pem", "not valid before", "clock"}},
      {{none, none, {"--tls-ca", expired.certificate}}, {"--tls-ca", "expired on"}},
      {{none, none, {"--tls-ca", empty}}, {"--tls-ca", "no PEM certificate"}},
      {{certificate, none, none}, {"--tls-cert", "without"}},
      {{none, key, none}, {"--tls-key", "without"}},
  };
  for (const auto& one : cases) {
    const auto material = Read(one.files);
    EXPECT_EQ(material.status().code(), absl::StatusCode::kInvalidArgument) << one.says[1];
    for (const std::string& part : one.says) {
      EXPECT_THAT(std::string(material.status().message()), HasSubstr(part));
    }
  }
}

TEST_F(TlsFilesTest, AFileThatThisUserMayNotReadIsNamed) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  ASSERT_EQ(chmod(own_.key.c_str(), 0), 0);
  EXPECT_THAT(std::string(Read(Files()).status().message()), HasSubstr("own.key"));
}

// The leaf goes first, and all of the chain is handed on.
TEST_F(TlsFilesTest, AChainBeginsWithItsLeaf) {
  const std::string leaf = TextOf(own_.certificate), rest = TextOf(authority_.certificate());
  WriteText(own_.certificate, leaf + rest);
  const auto material = Read(Files());
  ASSERT_TRUE(material.ok()) << material.status();
  EXPECT_THAT(material->identity, HasSubstr(leaf + rest));
  WriteText(own_.certificate, rest + leaf);
  EXPECT_THAT(std::string(Read(Files()).status().message()), HasSubstr("does not fit"));
}

// Whoever renews a chain may be seen in the middle of writing it: half of it is never taken, unless
// it ends where a certificate ends, which nobody can tell from a shorter chain.
TEST_F(TlsFilesTest, HalfAFileIsNotTaken) {
  const std::string leaf = TextOf(own_.certificate), rest = TextOf(authority_.certificate());
  const std::string chain = leaf + rest;
  for (size_t size = 0; size < chain.size() - 1; ++size) {
    WriteText(own_.certificate, chain.substr(0, size));
    const bool whole = size + 1 >= leaf.size() && size <= leaf.size();
    EXPECT_EQ(Read(Files()).ok(), whole) << size << " of " << chain.size() << " bytes";
  }
  const std::string key = TextOf(own_.key);
  WriteText(own_.certificate, chain);
  for (size_t size = 0; size < key.size() - 1; ++size) {
    WriteText(own_.key, key.substr(0, size));
    EXPECT_FALSE(Read(Files()).ok()) << size << " of " << key.size() << " bytes";
  }
}

// One that is valid is enough: an old authority may stay in the bundle until it is taken out.
TEST_F(TlsFilesTest, ABundleOfAuthoritiesMayHoldAnOldOne) {
  CertificateOptions old;
  old.ends_seconds = -60;
  const std::string expired = TextOf(authority_.Issue("expired", old).certificate);
  const fs::path bundle = folder_ / "bundle.pem";
  WriteText(bundle, expired + TextOf(authority_.certificate()));
  EXPECT_TRUE(Read({{}, {}, {"--tls-ca", bundle}}).ok());
  WriteText(bundle, TextOf(authority_.certificate()) + expired.substr(0, expired.size() / 2));
  EXPECT_FALSE(Read({{}, {}, {"--tls-ca", bundle}}).ok()) << "half a bundle";
}

}  // namespace
}  // namespace tact

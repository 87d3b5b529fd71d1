// The file of a running cluster, whole and damaged.
#include "services/tactctl/cluster_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace tact::ctl {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ClusterFileTest : public ::testing::Test {
 protected:
  ClusterFileTest() {
    std::string pattern = (fs::temp_directory_path() / "tact-cluster-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ClusterFileTest() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(ClusterFileTest, WhatIsWrittenIsRead) {
  ClusterFile written{7, {{"policy", "127.0.0.1:7001", "127.0.0.1:7101", 8}}};
  written.tls = {"ca.pem", "cert.pem", "key.pem"};
  ASSERT_TRUE(WriteClusterFile(folder_, written).ok());
  const auto read = ReadClusterFile(folder_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->supervisor, 7);
  ASSERT_EQ(read->members.size(), 1u);
  EXPECT_EQ(read->members[0].pid, 8);
  EXPECT_EQ(read->AddressOf("policy"), "127.0.0.1:7001");
  EXPECT_EQ(read->tls.ca, "ca.pem");
  EXPECT_EQ(read->tls.certificate, "cert.pem");
  EXPECT_EQ(read->tls.key, "key.pem");
}

TEST_F(ClusterFileTest, ADamagedOneIsNamedWithItsCure) {
  for (const char* text :
       {"", "[]", "{\"supervisor\": 7}", "{\"supervisor\": \"7\", \"members\": []}",
        "{\"supervisor\": 1e300, \"members\": []}",
        "{\"supervisor\": 18446744073709551615, \"members\": []}",
        "{\"supervisor\": 7, \"members\": [{\"name\": \"policy\"}]}",
        "{\"supervisor\": 7, \"members\": [3]}",
        "{\"supervisor\": 7, \"members\": [], \"tls\": {\"ca\": \"x\"}}", "{\"mem\xff\": 1}"}) {
    std::ofstream(folder_ / "cluster.json") << text;
    const auto read = ReadClusterFile(folder_);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("cluster.json")) << text;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("tactctl up")) << text;
  }
}

}  // namespace
}  // namespace tact::ctl

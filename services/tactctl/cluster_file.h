// cluster.json in a cluster's data folder: who runs it and where its services listen. tactctl up
// holds a lock on cluster.lock as long as it lives, so a stale file is known as such.
#ifndef TACT_SERVICES_TACTCTL_CLUSTER_FILE_H_
#define TACT_SERVICES_TACTCTL_CLUSTER_FILE_H_

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/credentials.h"

namespace tact::ctl {

struct ClusterMember {
  std::string name;  // "policy"
  std::string address;
  std::string http_address;
  pid_t pid = 0;
};

struct ClusterFile {
  pid_t supervisor = 0;
  std::vector<ClusterMember> members;
  ClientTls tls = {};  // what a client shows and trusts; empty where the cluster has no TLS

  // Several with commas between them where several members have the name; "" where none has.
  std::string AddressOf(const std::string& name) const;
};

// NOT_FOUND if there is none in `data_dir`.
absl::StatusOr<ClusterFile> ReadClusterFile(const std::filesystem::path& data_dir);
absl::Status WriteClusterFile(const std::filesystem::path& data_dir, const ClusterFile& cluster);

void RemoveClusterFile(const std::filesystem::path& data_dir);

// The lock of a data folder, held until the object goes or the process dies.
class ClusterLock {
 public:
  // ALREADY_EXISTS if another process holds it.
  static absl::StatusOr<ClusterLock> Take(const std::filesystem::path& data_dir);
  ~ClusterLock();
  ClusterLock(ClusterLock&& other) noexcept;
  ClusterLock& operator=(ClusterLock&&) = delete;

 private:
  explicit ClusterLock(int file) : file_(file) {}
  int file_;
};

// True while a tactctl up holds the lock of `data_dir`.
bool ClusterIsRunning(const std::filesystem::path& data_dir);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_CLUSTER_FILE_H_

#include "services/tactctl/cluster_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact::ctl {
namespace {

using Json = nlohmann::json;

constexpr char kFileName[] = "cluster.json";
constexpr char kLockName[] = "cluster.lock";

absl::Status Damaged(const std::string& path, const std::string& found, std::string_view problem) {
  return FieldError(path, Shorten(found), problem,
                    "remove the file and start the cluster again with \"tactctl up\"");
}

bool IsPid(const Json& json, const char* key) {
  constexpr int64_t kMax = std::numeric_limits<pid_t>::max();
  if (!json.contains(key) || !json.at(key).is_number_integer()) return false;
  const auto pid = json.at(key).get<int64_t>();
  return pid >= 0 && pid <= kMax;
}

bool HasTexts(const Json& json, std::initializer_list<const char*> keys) {
  return json.is_object() && std::ranges::all_of(keys, [&](const char* key) {
           return json.contains(key) && json.at(key).is_string();
         });
}

bool IsMember(const Json& json) {
  return HasTexts(json, {"name", "address", "http"}) && IsPid(json, "pid");
}

absl::StatusOr<ClusterFile> Parse(const std::string& text, const std::string& path) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !IsPid(json, "supervisor") || !json.contains("members") ||
      !json.at("members").is_array()) {
    return Damaged(path, text, "not the file of a running cluster");
  }
  ClusterFile cluster;
  cluster.supervisor = json.at("supervisor");
  for (const Json& member : json.at("members")) {
    if (!IsMember(member)) return Damaged(path, text, "a member lacks name, address, http or pid");
    cluster.members.push_back(
        {member.at("name"), member.at("address"), member.at("http"), member.at("pid")});
  }
  if (const auto tls = json.find("tls"); tls != json.end()) {
    if (!HasTexts(*tls, {"ca", "cert", "key"}))
      return Damaged(path, text, "tls lacks ca, cert or key");
    cluster.tls = {tls->at("ca"), tls->at("cert"), tls->at("key")};
  }
  return cluster;
}

}  // namespace

std::string ClusterFile::AddressOf(const std::string& name) const {
  std::string addresses;
  for (const ClusterMember& member : members) {
    if (member.name != name) continue;
    StrAppend(&addresses, addresses.empty() ? "" : ",", member.address);
  }
  return addresses;
}

absl::StatusOr<ClusterFile> ReadClusterFile(const std::filesystem::path& data_dir) {
  const std::filesystem::path path = data_dir / kFileName;
  auto text = ReadFile(path, 1 << 20);
  if (absl::IsNotFound(text.status())) {
    return MakeError(absl::StatusCode::kNotFound,
                     {"NO_CLUSTER", data_dir.string(), "no cluster.json",
                      "name the --data-dir of a running tactctl up"},
                     "not the data folder of a cluster");
  }
  if (!text.ok()) return text.status();
  return Parse(*text, path.string());
}

absl::Status WriteClusterFile(const std::filesystem::path& data_dir, const ClusterFile& cluster) {
  Json members = Json::array();
  for (const ClusterMember& member : cluster.members) {
    members.push_back({{"name", member.name},
                       {"address", member.address},
                       {"http", member.http_address},
                       {"pid", member.pid}});
  }
  Json json = {{"supervisor", cluster.supervisor}, {"members", members}};
  if (!cluster.tls.ca.empty()) {
    json["tls"] = {
        {"ca", cluster.tls.ca}, {"cert", cluster.tls.certificate}, {"key", cluster.tls.key}};
  }
  return WriteFileAtomically(data_dir / kFileName, json.dump(2) + "\n");
}

void RemoveClusterFile(const std::filesystem::path& data_dir) {
  std::error_code ignored;
  std::filesystem::remove(data_dir / kFileName, ignored);
}

absl::StatusOr<ClusterLock> ClusterLock::Take(const std::filesystem::path& data_dir) {
  const std::string path = (data_dir / kLockName).string();
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) {
    return FieldError("--data-dir", path, "cannot be written",
                      "choose a folder that you may write");
  }
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    ::close(file);
    return MakeError(absl::StatusCode::kAlreadyExists,
                     {"CLUSTER_RUNS", "--data-dir", data_dir.string(),
                      "stop it with \"tactctl down\" or choose another --data-dir"},
                     "a cluster runs there already");
  }
  return ClusterLock(file);
}

ClusterLock::~ClusterLock() {
  if (file_ >= 0) ::close(file_);
}

ClusterLock::ClusterLock(ClusterLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

bool ClusterIsRunning(const std::filesystem::path& data_dir) {
  const int file = ::open((data_dir / kLockName).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool free = ::flock(file, LOCK_SH | LOCK_NB) == 0;
  ::close(file);
  return !free;
}

}  // namespace tact::ctl

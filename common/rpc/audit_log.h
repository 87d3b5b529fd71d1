// Who changed what, and who was refused: a file of JSON lines that is only ever appended to.
#ifndef TACT_COMMON_RPC_AUDIT_LOG_H_
#define TACT_COMMON_RPC_AUDIT_LOG_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace tact {

struct AuditEntry {
  std::string identity;  // from the certificate; "" without one
  std::string peer;      // "ipv4:10.0.0.7:51034"; "" for a call that was refused at the door
  std::string method;    // "/tact.v1.PolicyService/PushWeights"
  std::map<std::string, std::string> ids = {};  // job_id, model ...: never text
  std::string code;                             // "OK", "NOT_FOUND" ...
};

class AuditLog {
 public:
  // INVALID_ARGUMENT if the file can be neither opened nor made.
  static absl::StatusOr<std::shared_ptr<AuditLog>> Open(const std::string& path);

  // {"time":"2026-01-31T12:00:00.123Z","identity":...,"peer":...,"method":...,"ids":{...},
  //  "code":...} and a newline in one write. The file is opened each time, so that it may be
  // renamed while the service runs. A disk that is full is logged, and the call goes on.
  void Write(const AuditEntry& entry);

 private:
  explicit AuditLog(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  absl::Mutex mutex_;
  bool failing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tact

#endif  // TACT_COMMON_RPC_AUDIT_LOG_H_

#include "services/tactctl/spec_file.h"

#include <google/protobuf/util/json_util.h>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact::ctl {

absl::StatusOr<v1::JobSpec> ReadSpecFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 1 << 20));
  v1::JobSpec spec;
  const auto status = google::protobuf::util::JsonStringToMessage(text, &spec);
  if (status.ok()) return spec;
  return FieldError(path, "", StrCat("not a job's settings: ", std::string(status.message())),
                    "see the message JobSpec in proto/tact/v1/trainer.proto");
}

}  // namespace tact::ctl

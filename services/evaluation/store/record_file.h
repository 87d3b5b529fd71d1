// The file of one evaluation: a line "tact-evaluation-1 <sha256>", then the protobuf message.
#ifndef TACT_SERVICES_EVALUATION_STORE_RECORD_FILE_H_
#define TACT_SERVICES_EVALUATION_STORE_RECORD_FILE_H_

#include <filesystem>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tact/v1/evaluation.pb.h"

namespace tact {

// RESOURCE_EXHAUSTED when the disk is full; the file is then as it was.
absl::Status WriteRecord(const std::filesystem::path& path, const v1::Evaluation& record);

// DATA_LOSS names the file and what is wrong with it.
absl::StatusOr<v1::Evaluation> ReadRecord(const std::filesystem::path& path);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_STORE_RECORD_FILE_H_

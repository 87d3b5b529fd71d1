// Files of a folder as messages of ExportModel.
#ifndef TACT_SERVICES_TRAINER_EXPORT_FILE_STREAM_H_
#define TACT_SERVICES_TRAINER_EXPORT_FILE_STREAM_H_

#include <filesystem>

#include "absl/status/status.h"
#include "services/trainer/export/model_export.h"

namespace tact {

// Each regular file, sorted by name. Its checksum is computed in a first pass over the file; one
// that changes while it is sent is DATA_LOSS.
absl::Status StreamFolder(const std::filesystem::path& folder, const ExportWriter& write);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_EXPORT_FILE_STREAM_H_

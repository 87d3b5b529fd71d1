// A data file to the trainer, in chunks, with its checksum.
#ifndef TACT_SERVICES_TACTCTL_UPLOAD_H_
#define TACT_SERVICES_TACTCTL_UPLOAD_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/tactctl/client.h"
#include "tact/v1/trainer.grpc.pb.h"

namespace tact::ctl {

// What a file for full and lora jobs holds, by its first line: pairs if it names "prompt" and not
// "dialogue", else dialogues.
v1::DatasetKind GuessDatasetKind(std::string_view bytes);

// Uploads `path` and returns the id of the data set. DATASET_KIND_UNSPECIFIED guesses. Errors name
// the file.
absl::StatusOr<v1::UploadDatasetResponse> UploadFile(const Client<v1::TrainerService>& client,
                                                     const std::string& path, v1::DatasetKind kind);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_UPLOAD_H_

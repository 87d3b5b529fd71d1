// What a job starts from: a model folder and the adapters that are folded into it, oldest first.
#ifndef TACT_SERVICES_TRAINER_WEIGHTS_MODEL_SOURCE_H_
#define TACT_SERVICES_TRAINER_WEIGHTS_MODEL_SOURCE_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/roberta_model.h"
#include "common/model/t5_model.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

struct TrainerFolders {
  std::filesystem::path models_root;  // base models by name
  std::filesystem::path data_dir;     // results, checkpoints, data sets

  std::filesystem::path results() const { return data_dir / "results"; }
};

using JobLookup = std::function<absl::StatusOr<v1::Job>(std::string_view id)>;

struct ModelSource {
  std::filesystem::path folder;                 // config, tokenizer, weights
  std::vector<std::filesystem::path> adapters;  // PEFT folders
};

// Follows spec.base_job through results to a folder. Errors name base_model or base_job.
absl::StatusOr<ModelSource> ResolveSource(const v1::JobSpec& spec, const TrainerFolders& folders,
                                          const JobLookup& find_job);

// The folder of a base model, confined to the models root.
absl::StatusOr<std::filesystem::path> BaseModelFolder(const TrainerFolders& folders,
                                                      std::string_view name);

// Names that JobSpec.base_model may take: folders with a config.json, at most two levels deep.
std::vector<std::string> ListBaseModels(const TrainerFolders& folders);

// The model with every adapter merged, or fresh weights from the seed where spec.from_scratch.
absl::StatusOr<std::unique_ptr<T5Model>> LoadT5(const ModelSource& source, const v1::JobSpec& spec);
absl::StatusOr<std::unique_ptr<RobertaModel>> LoadRoberta(const ModelSource& source,
                                                          const v1::JobSpec& spec);

// Copies what a Hugging Face folder has beside weights and config.json: tokenizer files and
// generation_config.json.
absl::Status CopyCompanionFiles(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_WEIGHTS_MODEL_SOURCE_H_

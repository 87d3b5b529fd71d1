#include "services/trainer/weights/model_source.h"

#include <algorithm>
#include <system_error>

#include "absl/strings/str_join.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/lora.h"

namespace tact {
namespace {

namespace fs = std::filesystem;

bool IsModelFolder(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / "config.json", error);
}

absl::Status UnknownModel(const TrainerFolders& folders, std::string_view name) {
  const std::vector<std::string> names = ListBaseModels(folders);
  return MakeError(absl::StatusCode::kNotFound,
                   {"UNKNOWN_MODEL", "spec.base_model", Shorten(name),
                    names.empty() ? "put a Hugging Face folder under the trainer's --models-root"
                                  : StrCat("choose one of: ", absl::StrJoin(names, ", "))},
                   "there is no such model folder");
}

void AppendModels(const fs::path& folder, const std::string& prefix, int depth,
                  std::vector<std::string>& out) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!entry.is_directory(error)) continue;
    const std::string name = prefix + entry.path().filename().string();
    if (IsModelFolder(entry.path())) {
      out.push_back(name);
    } else if (depth > 1) {
      AppendModels(entry.path(), name + "/", depth - 1, out);
    }
  }
}

}  // namespace

std::vector<std::string> ListBaseModels(const TrainerFolders& folders) {
  std::vector<std::string> names;
  AppendModels(folders.models_root, "", 2, names);
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<fs::path> BaseModelFolder(const TrainerFolders& folders, std::string_view name) {
  ASSIGN_OR_RETURN(fs::path folder, ConfinePath(folders.models_root, name));
  if (name.empty() || !IsModelFolder(folder)) return UnknownModel(folders, name);
  return folder;
}

absl::StatusOr<ModelSource> ResolveSource(const v1::JobSpec& spec, const TrainerFolders& folders,
                                          const JobLookup& find_job) {
  if (spec.start_case() == v1::JobSpec::kBaseModel) {
    ASSIGN_OR_RETURN(fs::path folder, BaseModelFolder(folders, spec.base_model()));
    return ModelSource{std::move(folder), {}};
  }
  ASSIGN_OR_RETURN(const v1::Job job, find_job(spec.base_job()));
  if (job.state() != v1::JOB_STATE_SUCCEEDED) {
    return FieldError("spec.base_job", spec.base_job(), "this job has not succeeded",
                      "wait for it, or start from another one");
  }
  ASSIGN_OR_RETURN(fs::path result, ConfinePath(folders.data_dir, job.result_path()));
  std::error_code error;
  if (!fs::exists(result / "adapter_config.json", error)) return ModelSource{std::move(result), {}};
  ASSIGN_OR_RETURN(ModelSource source, ResolveSource(job.spec(), folders, find_job));
  source.adapters.push_back(std::move(result));
  return source;
}

absl::StatusOr<std::unique_ptr<T5Model>> LoadT5(const ModelSource& source,
                                                const v1::JobSpec& spec) {
  if (spec.from_scratch()) {
    ASSIGN_OR_RETURN(const T5Config config, T5Config::Load(source.folder));
    return T5Model::Create(config, spec.seed());
  }
  ASSIGN_OR_RETURN(auto model, T5Model::Load(source.folder));
  for (const fs::path& folder : source.adapters) {
    ASSIGN_OR_RETURN(const auto adapter, LoraAdapter::Load(*model, folder));
    adapter->MergeIntoBase();
  }
  return model;
}

absl::StatusOr<std::unique_ptr<RobertaModel>> LoadRoberta(const ModelSource& source,
                                                          const v1::JobSpec& spec) {
  if (!spec.from_scratch()) return RobertaModel::Load(source.folder);
  ASSIGN_OR_RETURN(const RobertaConfig config, RobertaConfig::Load(source.folder));
  return RobertaModel::Create(config, spec.seed());
}

absl::Status CopyCompanionFiles(const fs::path& from, const fs::path& to) {
  for (const char* name :
       {"spiece.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "vocab.json", "merges.txt", "generation_config.json"}) {
    std::error_code error;
    if (!fs::exists(from / name, error)) continue;
    fs::copy_file(from / name, to / name, fs::copy_options::overwrite_existing, error);
    if (error) {
      return absl::UnavailableError(
          StrCat((to / name).string(), ": cannot write: ", error.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace tact

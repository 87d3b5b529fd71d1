#include "services/trainer/weights/results.h"

#include <nlohmann/json.hpp>

#include "common/base/file.h"
#include "common/base/status.h"
#include "services/trainer/checkpoint/atomic_folder.h"

namespace tact {

namespace fs = std::filesystem;

absl::Status SaveModelResult(const fs::path& result, const TrainableModel& model,
                             const ModelSource& source) {
  RETURN_IF_ERROR(MakeFolder(result.parent_path()));
  return WriteFolderAtomically(result, [&](const fs::path& folder) {
    RETURN_IF_ERROR(CopyCompanionFiles(source.folder, folder));
    return model.Save(folder);
  });
}

absl::Status SaveAdapterResult(const fs::path& result, const LoraAdapter& adapter,
                               const v1::JobSpec& spec) {
  RETURN_IF_ERROR(MakeFolder(result.parent_path()));
  return WriteFolderAtomically(result, [&](const fs::path& folder) {
    RETURN_IF_ERROR(adapter.Save(folder));
    const bool by_job = spec.start_case() == v1::JobSpec::kBaseJob;
    const nlohmann::json base = {
        {by_job ? "base_job" : "base_model", by_job ? spec.base_job() : spec.base_model()}};
    return WriteFileAtomically(folder / "tact_base.json", base.dump(2));
  });
}

}  // namespace tact

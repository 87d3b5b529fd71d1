#include "services/trainer/checkpoint/checkpoint_store.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <functional>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/torch_io.h"
#include "services/trainer/checkpoint/atomic_folder.h"
#include "services/trainer/optim/finite.h"

namespace tact {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kState[] = "state.json";
constexpr char kTensors[] = "tensors.safetensors";
constexpr char kManifest[] = "manifest.json";

absl::Status WriteManifest(const fs::path& folder) {
  json files = json::object();
  for (const char* name : {kState, kTensors}) {
    ASSIGN_OR_RETURN(const std::string digest, Sha256OfFile(folder / name));
    files[name] = {{"sha256", digest}, {"bytes", fs::file_size(folder / name)}};
  }
  return WriteFileAtomically(folder / kManifest, json{{"files", files}}.dump(2));
}

absl::StatusOr<json> ReadJson(const fs::path& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) {
    return absl::DataLossError(StrCat(path.string(), ": not a JSON object"));
  }
  return value;
}

absl::Status VerifyManifest(const fs::path& folder) {
  ASSIGN_OR_RETURN(const json manifest, ReadJson(folder / kManifest));
  for (const char* name : {kState, kTensors}) {
    const auto path = json::json_pointer(StrCat("/files/", name, "/sha256"));
    ASSIGN_OR_RETURN(const std::string digest, Sha256OfFile(folder / name));
    if (!manifest.contains(path) || manifest[path] != digest) {
      return absl::DataLossError(
          StrCat((folder / name).string(), ": its SHA-256 is not the manifest's"));
    }
  }
  return absl::OkStatus();
}

void RecordSave(double seconds) {
  HistogramMetric("tact_trainer_checkpoint_seconds", "Seconds of one checkpoint, until durable.",
                  LatencyBuckets())
      .Observe(seconds);
  GaugeMetric("tact_trainer_checkpoint_timestamp_seconds",
              "End of the last checkpoint, since 1970.")
      .Set(UnixSeconds());
}

std::string DescribeFailure(uint32_t step, const std::vector<uint32_t>& there) {
  return StrCat("the checkpoint of step ", step, " is not saved, ",
                there.empty() ? std::string("and there is none before it")
                              : StrCat("that of step ", there.front(), " stays"));
}

std::string DamageReport(const std::vector<std::string>& damaged) {
  return StrCat("no checkpoint can be read: ", absl::StrJoin(damaged, "; "),
                "; restore the files, or create the job again");
}

}  // namespace

Retention ToRetention(const v1::RetentionSettings& settings) {
  return {settings.keep_last(), settings.keep_best()};
}

fs::path CheckpointStore::PathOf(uint32_t step) const {
  return folder_ / absl::StrFormat("step-%08d", step);
}

std::vector<uint32_t> CheckpointStore::steps() const {
  std::vector<uint32_t> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    absl::string_view digits = name;
    uint32_t step = 0;
    if (absl::ConsumePrefix(&digits, "step-") && absl::SimpleAtoi(digits, &step)) {
      out.push_back(step);
    }
  }
  std::sort(out.begin(), out.end(), std::greater<>());
  return out;
}

absl::Status CheckpointStore::Save(uint32_t step, const json& state,
                                   const std::vector<NamedTensor>& tensors,
                                   std::optional<uint32_t> best) {
  const Stopwatch watch;
  const absl::Status saved = [&]() -> absl::Status {
    RETURN_IF_ERROR(CheckFinite(tensors));
    RETURN_IF_ERROR(MakeFolder(folder_));
    return WriteFolderAtomically(PathOf(step), [&](const fs::path& folder) {
      RETURN_IF_ERROR(WriteFileAtomically(folder / kState, state.dump(2)));
      RETURN_IF_ERROR(WriteTensors(folder / kTensors, tensors));
      return WriteManifest(folder);
    });
  }();
  if (!saved.ok()) return Annotate(saved, DescribeFailure(step, steps()));
  RecordSave(watch.Seconds());
  RemoveOld(best);
  return absl::OkStatus();
}

void CheckpointStore::RemoveOld(std::optional<uint32_t> best) const {
  const std::vector<uint32_t> all = steps();
  std::error_code error;
  for (size_t i = retention_.keep_last; i < all.size(); ++i) {
    if (retention_.keep_best && best == all[i]) continue;
    fs::remove_all(PathOf(all[i]), error);
  }
}

absl::StatusOr<json> CheckpointStore::ReadState(uint32_t step) const {
  RETURN_IF_ERROR(VerifyManifest(PathOf(step)));
  return ReadJson(PathOf(step) / kState);
}

absl::StatusOr<LoadedCheckpoint> CheckpointStore::Load(uint32_t step) const {
  const fs::path folder = PathOf(step);
  RETURN_IF_ERROR(VerifyManifest(folder));
  LoadedCheckpoint out;
  out.step = step;
  ASSIGN_OR_RETURN(out.state, ReadJson(folder / kState));
  ASSIGN_OR_RETURN(out.tensors, ReadTensors(folder / kTensors));
  return out;
}

absl::StatusOr<std::optional<LoadedCheckpoint>> CheckpointStore::LoadNewest() const {
  std::vector<std::string> damaged;
  for (uint32_t step : steps()) {
    absl::StatusOr<LoadedCheckpoint> loaded = Load(step);
    if (loaded.ok()) {
      loaded->damaged = std::move(damaged);
      return std::move(loaded).value();
    }
    damaged.push_back(std::string(loaded.status().message()));
    LogError("damaged checkpoint, trying the one before: ", damaged.back());
  }
  if (!damaged.empty()) return absl::DataLossError(DamageReport(damaged));
  return std::nullopt;
}

}  // namespace tact

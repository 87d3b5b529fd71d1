#include "services/policy/adapter_folder.h"

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/checkpoint.h"
#include "common/model/lora_config.h"

namespace tact {
namespace {

constexpr size_t kMaxConfigBytes = size_t{1} << 20;

std::string Digest(std::string_view config, const Checkpoint& checkpoint) {
  Sha256 digest;
  digest.Update(config);
  for (const std::string& name : checkpoint.names()) {
    const TensorView& view = *checkpoint.Find(name);
    digest.Update(StrCat(name, DTypeName(view.dtype), ShapeString(view.shape)));
    digest.Update({reinterpret_cast<const char*>(view.data.data()), view.data.size()});
  }
  return digest.HexDigest();
}

}  // namespace

absl::StatusOr<LoadedAdapter> LoadAdapterFolder(const std::filesystem::path& folder,
                                                const T5Config& config,
                                                const SequenceLimits& limits) {
  const std::filesystem::path config_path = folder / "adapter_config.json";
  ASSIGN_OR_RETURN(const std::string text, ReadFile(config_path, kMaxConfigBytes));
  ASSIGN_OR_RETURN(const LoraConfig lora, LoraConfig::FromJson(text, config_path.string()));
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, Checkpoint::OpenAdapter(folder));
  const LoraScale scale = {lora.r, static_cast<float>(lora.alpha)};
  ASSIGN_OR_RETURN(auto adapter, BuildAdapter(config, TensorSource(checkpoint), scale, limits));
  return LoadedAdapter{std::move(adapter), Digest(text, checkpoint)};
}

}  // namespace tact

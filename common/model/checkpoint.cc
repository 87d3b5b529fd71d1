#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/model/json_fields.h"
#include "common/model/safetensors.h"

namespace tact {
namespace {

bool Exists(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

absl::Status NoWeights(const std::filesystem::path& folder) {
  const bool pickle =
      Exists(folder / "pytorch_model.bin") || Exists(folder / "pytorch_model.bin.index.json");
  const std::string fix =
      pickle ? "convert it once in Python: AutoModel.from_pretrained(folder)"
               ".save_pretrained(folder, safe_serialization=True)"
             : "name a Hugging Face model folder: config.json, model.safetensors, tokenizer files";
  return MakeError(absl::StatusCode::kNotFound, {"MODEL_NOT_FOUND", folder.string(), "", fix},
                   pickle ? "there is only pytorch_model.bin, and no model.safetensors"
                          : "there is no model.safetensors");
}

// Tensor name -> file name of its shard. A shard lies in the folder itself, nowhere else.
absl::StatusOr<std::map<std::string, std::string>> ReadIndex(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, size_t{64} << 20));
  ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Parse(text, path.string()));
  const nlohmann::json map = fields.json().value("weight_map", nlohmann::json());
  std::map<std::string, std::string> out;
  bool good = map.is_object() && !map.empty();
  for (const auto& [name, shard] : map.items()) {
    good = good && shard.is_string() && !shard.get<std::string>().empty();
    if (good) out[name] = shard.get<std::string>();
    good = good && out[name].find('/') == std::string::npos && out[name] != "..";
  }
  if (!good) fields.Fail("weight_map", "", "a map from tensor names to file names of the folder");
  RETURN_IF_ERROR(fields.status());
  return out;
}

}  // namespace

absl::StatusOr<Checkpoint> Checkpoint::Open(const std::filesystem::path& folder) {
  Checkpoint out;
  out.folder_ = folder;
  if (const auto index = folder / "model.safetensors.index.json";
      !Exists(folder / "model.safetensors") && Exists(index)) {
    RETURN_IF_ERROR(out.OpenShards(index));
    return out;
  }
  if (!Exists(folder / "model.safetensors")) return NoWeights(folder);
  ASSIGN_OR_RETURN(SafeTensors file, SafeTensors::Open(folder / "model.safetensors"));
  out.files_.push_back(std::make_shared<const SafeTensors>(std::move(file)));
  for (const auto& [name, view] : out.files_[0]->tensors()) out.tensors_[name] = &view;
  return out;
}

absl::Status Checkpoint::OpenShards(const std::filesystem::path& index) {
  ASSIGN_OR_RETURN(const auto weight_map, ReadIndex(index));
  std::map<std::string, std::shared_ptr<const SafeTensors>> shards;
  for (const auto& [name, shard] : weight_map) {
    auto& file = shards[shard];
    if (file == nullptr) {
      ASSIGN_OR_RETURN(SafeTensors opened, SafeTensors::Open(folder_ / shard));
      file = std::make_shared<const SafeTensors>(std::move(opened));
      files_.push_back(file);
    }
    const TensorView* view = file->Find(name);
    if (view == nullptr) {
      return FieldError(absl::StrCat(index.string(), ": ", name), shard,
                        "the shard has no tensor of that name", "download the model again");
    }
    tensors_[name] = view;
  }
  return absl::OkStatus();
}

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> out;
  for (const auto& [name, view] : tensors_) out.push_back(name);
  return out;
}

const TensorView* Checkpoint::Find(std::string_view name) const {
  const auto it = tensors_.find(name);
  return it == tensors_.end() ? nullptr : it->second;
}

absl::StatusOr<TensorView> Checkpoint::Get(std::string_view name,
                                           std::span<const int64_t> shape) const {
  const std::string where = absl::StrCat(folder_.string(), ": ", std::string(name));
  const TensorView* view = Find(name);
  if (view == nullptr) {
    return MakeError(
        absl::StatusCode::kNotFound,
        {"MISSING_TENSOR", where, "", "check config.json against the weights"},
        absl::StrCat("the checkpoint has no such tensor, expected shape ", ShapeString(shape)));
  }
  if (!std::ranges::equal(view->shape, shape)) {
    return FieldError(where, ShapeString(view->shape),
                      absl::StrCat("expected shape ", ShapeString(shape), " by config.json"),
                      "check config.json against the weights");
  }
  return *view;
}

}  // namespace tact

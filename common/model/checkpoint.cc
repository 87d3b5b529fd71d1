#include "common/model/checkpoint.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <variant>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/safetensors.h"
#include "common/model/torch_file.h"

namespace tact {
namespace {

constexpr size_t kMaxIndex = size_t{16} << 20;  // a hundred thousand tensors' worth
constexpr char kDownload[] = "download the model again";

bool Exists(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// The first file of the folder; empty if there is none of them.
std::filesystem::path FirstOf(const std::filesystem::path& folder,
                              std::initializer_list<const char*> files) {
  for (const char* file : files) {
    if (Exists(folder / file)) return folder / file;
  }
  return {};
}

bool IsFileName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

absl::Status BadIndex(const std::filesystem::path& path, std::string_view found,
                      std::string_view problem) {
  return FieldError(path.string() + ": weight_map", found, problem, kDownload);
}

// JSON of {"weight_map": {TENSOR: FILE, ...}} in which no tensor stands twice.
absl::StatusOr<nlohmann::json> ParseIndex(const std::filesystem::path& path,
                                          std::string_view text) {
  bool deep = false;
  std::string twice;
  std::set<std::string> seen;
  const auto check = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    deep = deep || depth > 3;
    if (depth == 2 && event == nlohmann::json::parse_event_t::key) {
      const std::string name = value.get<std::string>();
      if (!seen.insert(name).second) twice = name;
    }
    return !deep && twice.empty();
  };
  nlohmann::json json = nlohmann::json::parse(text, check, /*allow_exceptions=*/false);
  if (!twice.empty()) return BadIndex(path, twice, "the tensor stands there twice");
  if (deep || !json.is_object()) {
    return FieldError(path.string(), Shorten(text), "expected a JSON object", kDownload);
  }
  return json;
}

// Tensor name -> file name of its shard. A shard lies in the folder itself, nowhere else.
absl::StatusOr<std::map<std::string, std::string>> ReadIndex(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxIndex));
  ASSIGN_OR_RETURN(const nlohmann::json json, ParseIndex(path, text));
  const auto map = json.find("weight_map");
  if (map == json.end() || !map->is_object() || map->empty()) {
    return BadIndex(path, "none", "expected a map from tensor names to file names");
  }
  std::map<std::string, std::string> out;
  for (const auto& [name, shard] : map->items()) {
    const std::string file = shard.is_string() ? shard.get<std::string>() : shard.dump();
    if (!shard.is_string() || !IsFileName(file)) {
      return BadIndex(path, file, StrCat("expected a file name of this folder for ", name));
    }
    out[name] = file;
  }
  return out;
}

}  // namespace

struct Checkpoint::File {
  const TensorViews& tensors() const {
    return std::visit([](const auto& content) -> const TensorViews& { return content.tensors(); },
                      content);
  }
  std::filesystem::path path;
  std::variant<SafeTensors, TorchFile> content;
};

absl::Status Checkpoint::AddFile(const std::filesystem::path& path) {
  std::shared_ptr<const File> file;
  if (path.extension() == ".safetensors") {
    ASSIGN_OR_RETURN(SafeTensors content, SafeTensors::Open(path));
    file = std::make_shared<const File>(File{path, std::move(content)});
  } else {
    ASSIGN_OR_RETURN(TorchFile content, TorchFile::Open(path));
    file = std::make_shared<const File>(File{path, std::move(content)});
  }
  for (const auto& [name, view] : file->tensors()) {
    const auto [it, added] = tensors_.emplace(name, Entry{&view, file.get()});
    if (added) continue;
    return FieldError(StrCat(path.string(), ": ", name), it->second.file->path.filename().string(),
                      "another shard has a tensor of that name too", kDownload);
  }
  files_.push_back(std::move(file));
  return absl::OkStatus();
}

absl::Status Checkpoint::AddShards(const std::filesystem::path& index) {
  ASSIGN_OR_RETURN(const auto weight_map, ReadIndex(index));
  std::set<std::string> shards;
  for (const auto& [name, shard] : weight_map) {
    if (!shards.insert(shard).second) continue;
    if (!Exists(folder_ / shard)) {
      return MakeError(absl::StatusCode::kNotFound,
                       {"MISSING_SHARD", (folder_ / shard).string(), "", kDownload},
                       StrCat("the shard is missing; ", index.filename().string(),
                              " expects it to hold ", name));
    }
    RETURN_IF_ERROR(AddFile(folder_ / shard));
  }
  for (const auto& [name, shard] : weight_map) {
    const auto it = tensors_.find(name);
    if (it != tensors_.end() && it->second.file->path.filename() == shard) continue;
    return FieldError(StrCat(index.string(), ": ", name),
                      it == tensors_.end() ? "no such tensor" : it->second.file->path.string(),
                      StrCat("expected the tensor in ", shard), kDownload);
  }
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> Checkpoint::Open(const std::filesystem::path& folder) {
  Checkpoint out;
  out.folder_ = folder;
  const std::filesystem::path path =
      FirstOf(folder, {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                       "pytorch_model.bin.index.json"});
  if (path.empty()) {
    return MakeError(
        absl::StatusCode::kNotFound,
        {"MODEL_NOT_FOUND", folder.string(), "",
         "name a Hugging Face model folder: config.json, model.safetensors, tokenizer files"},
        "there is no model.safetensors, no pytorch_model.bin and no index of shards of either");
  }
  RETURN_IF_ERROR(path.extension() == ".json" ? out.AddShards(path) : out.AddFile(path));
  return out;
}

absl::StatusOr<Checkpoint> Checkpoint::OpenAdapter(const std::filesystem::path& folder) {
  Checkpoint out;
  out.folder_ = folder;
  const std::filesystem::path path =
      FirstOf(folder, {"adapter_model.safetensors", "adapter_model.bin"});
  if (path.empty()) {
    return MakeError(absl::StatusCode::kNotFound,
                     {"ADAPTER_NOT_FOUND", folder.string(), "",
                      "name a folder that peft's or tact's save wrote, with adapter_config.json"},
                     "there is no adapter_model.safetensors and no adapter_model.bin");
  }
  RETURN_IF_ERROR(out.AddFile(path));
  return out;
}

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> out;
  for (const auto& [name, entry] : tensors_) out.push_back(name);
  return out;
}

const TensorView* Checkpoint::Find(std::string_view name) const {
  const auto it = tensors_.find(name);
  return it == tensors_.end() ? nullptr : it->second.view;
}

void Checkpoint::Release(std::span<const std::byte> part) const {
  for (const auto& file : files_) {
    if (const auto* tensors = std::get_if<SafeTensors>(&file->content)) tensors->Release(part);
  }
}

std::string Checkpoint::Where(std::string_view name) const {
  const auto it = tensors_.find(name);
  const auto& path = it == tensors_.end() ? folder_ : it->second.file->path;
  return StrCat(path.string(), ": ", name);
}

absl::StatusOr<TensorView> Checkpoint::Get(std::string_view name,
                                           std::span<const int64_t> shape) const {
  const TensorView* view = Find(name);
  if (view == nullptr) {
    return MakeError(
        absl::StatusCode::kNotFound,
        {"MISSING_TENSOR", Where(name), "", "check config.json against the weights"},
        StrCat("the checkpoint has no such tensor, expected shape ", ShapeString(shape)));
  }
  if (!std::ranges::equal(view->shape, shape)) {
    return FieldError(Where(name), ShapeString(view->shape),
                      StrCat("expected shape ", ShapeString(shape), " by config.json"),
                      "check config.json against the weights");
  }
  return *view;
}

}  // namespace tact

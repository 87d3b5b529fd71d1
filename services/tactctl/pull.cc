#include "services/tactctl/pull.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact::ctl {
namespace {

using PullProgress = std::function<void(const std::string&, uint64_t, uint64_t)>;

constexpr char kIndex[] = "model.safetensors.index.json";
constexpr char kWeights[] = "model.safetensors";
constexpr const char* kOptional[] = {
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "tokenizer.json",
    "spiece.model",
    "vocab.json",
    "merges.txt",
};

bool IsPlainName(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  });
  return plain && !name.empty() && name.front() != '.';
}

class Puller {
 public:
  Puller(const Hub& hub, const PullOptions& options, const PullProgress& progress)
      : hub_(hub), options_(options), progress_(progress) {}

  absl::Status Run() {
    RETURN_IF_ERROR(Required("config.json"));
    for (const char* file : kOptional) RETURN_IF_ERROR(Optional(file).status());
    RETURN_IF_ERROR(CheckTokenizer());
    ASSIGN_OR_RETURN(const bool whole, Optional(kWeights));
    return whole ? absl::OkStatus() : Shards();
  }

 private:
  absl::Status Required(const std::string& file) {
    ASSIGN_OR_RETURN(const RemoteFile remote, hub_.Stat(file));
    return hub_.Fetch(file, remote, options_.folder, [&](uint64_t done, uint64_t total) {
      if (progress_) progress_(file, done, total);
    });
  }

  // False if the hub has no such file.
  absl::StatusOr<bool> Optional(const std::string& file) {
    const absl::Status status = Required(file);
    if (absl::IsNotFound(status)) return false;
    if (!status.ok()) return status;
    return true;
  }

  absl::Status Shards() {
    ASSIGN_OR_RETURN(const bool sharded, Optional(kIndex));
    if (!sharded) {
      return MakeError(absl::StatusCode::kFailedPrecondition,
                       {"NO_SAFETENSORS", options_.repository, "",
                        "choose a --revision that has model.safetensors"},
                       "the hub has no weights as safetensors");
    }
    ASSIGN_OR_RETURN(const std::string index, ReadFile(options_.folder / kIndex));
    ASSIGN_OR_RETURN(const auto files, ShardFiles(index));
    for (const std::string& file : files) RETURN_IF_ERROR(Required(file));
    return absl::OkStatus();
  }

  absl::Status CheckTokenizer() const {
    const auto has = [&](const char* file) {
      return std::filesystem::exists(options_.folder / file);
    };
    if (has("spiece.model") || (has("vocab.json") && has("merges.txt"))) return absl::OkStatus();
    return MakeError(absl::StatusCode::kFailedPrecondition,
                     {"NO_TOKENIZER", options_.repository, "",
                      "choose a T5 model with spiece.model or a RoBERTa one with vocab.json and "
                      "merges.txt"},
                     "the hub has no tokenizer that tact reads");
  }

  const Hub& hub_;
  const PullOptions& options_;
  const PullProgress& progress_;
};

}  // namespace

absl::Status CheckRepository(const std::string& repository, const std::string& revision) {
  const std::vector<std::string> parts = absl::StrSplit(repository, '/');
  if (parts.size() != 2 || !IsPlainName(parts[0]) || !IsPlainName(parts[1])) {
    return FieldError("name", repository, "not the name of a model on a hub",
                      "write ORG/NAME, e.g. google/flan-t5-base");
  }
  const std::vector<std::string> segments = absl::StrSplit(revision, '/');
  if (!std::all_of(segments.begin(), segments.end(), IsPlainName)) {
    return FieldError("--revision", revision, "not a branch, tag or commit", "write e.g. main");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ShardFiles(const std::string& index_json) {
  return CatchExceptions(kIndex, [&]() -> absl::StatusOr<std::vector<std::string>> {
    const auto index = nlohmann::json::parse(index_json);
    std::set<std::string> files;
    for (const auto& [tensor, file] : index.at("weight_map").items()) {
      const std::string name = file;
      if (!IsPlainName(name)) {
        return FieldError(StrCat(kIndex, ": weight_map[", tensor, "]"), name,
                          "not a plain file name", "do not use this model");
      }
      files.insert(name);
    }
    return std::vector<std::string>(files.begin(), files.end());
  });
}

absl::Status PullModel(const PullOptions& options, const PullProgress& progress) {
  RETURN_IF_ERROR(CheckRepository(options.repository, options.revision));
  ASSIGN_OR_RETURN(const Hub hub, Hub::Open(options.hub, options.repository, options.revision));
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (error) {
    return FieldError("--to", options.folder.string(), error.message(), "choose another folder");
  }
  return Puller(hub, options, progress).Run();
}

}  // namespace tact::ctl

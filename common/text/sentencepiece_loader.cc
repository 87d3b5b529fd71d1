#include "common/text/sentencepiece_loader.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr int kOpenFlags = RTLD_NOW | RTLD_LOCAL;  // DEEPBIND would bypass its malloc
#else
constexpr int kOpenFlags = RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
#endif

std::vector<std::filesystem::path> Candidates() {
  std::vector<std::filesystem::path> folders;
  if (const char* dir = std::getenv("TACT_PLUGIN_DIR"); dir != nullptr && *dir != '\0') {
    folders.emplace_back(dir);
  }
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    folders.push_back(program.parent_path());
    folders.push_back(program.parent_path().parent_path() / "lib");
  }
  for (auto& folder : folders) folder /= kSentencePieceLibrary;
  return folders;
}

absl::StatusOr<const TactSentencePieceApi*> OpenPlugin(const std::filesystem::path& path) {
  void* library = ::dlopen(path.c_str(), kOpenFlags);
  if (library == nullptr) {
    return absl::FailedPreconditionError(StrCat(
        "cannot open the sentencepiece plugin: ", ::dlerror(), "; install libsentencepiece0"));
  }
  const auto entry =
      reinterpret_cast<TactSentencePieceEntry>(::dlsym(library, kSentencePieceSymbol));
  if (entry == nullptr || entry()->abi != kSentencePieceAbi) {
    return absl::FailedPreconditionError(
        StrCat(path.string(), ": the plugin is of another version; build tact again"));
  }
  return entry();
}

absl::StatusOr<const TactSentencePieceApi*> FindPlugin() {
  std::vector<std::string> tried;
  for (const auto& path : Candidates()) {
    std::error_code error;
    if (std::filesystem::exists(path, error)) return OpenPlugin(path);
    tried.push_back(path.string());
  }
  return absl::FailedPreconditionError(
      StrCat("no sentencepiece plugin at ", absl::StrJoin(tried, ", "),
             "; set TACT_PLUGIN_DIR to the folder that holds ", kSentencePieceLibrary));
}

// Once per process; the library stays open.
const absl::StatusOr<const TactSentencePieceApi*>& Plugin() {
  static const auto* const plugin = new absl::StatusOr<const TactSentencePieceApi*>(FindPlugin());
  return *plugin;
}

struct Output {
  std::vector<std::pair<std::string, int32_t>> items;
  std::string error;
};

void TakeItem(void* context, const char* bytes, size_t size, int32_t id) {
  static_cast<Output*>(context)->items.emplace_back(std::string(bytes, size), id);
}

void TakeError(void* context, const char* bytes, size_t size, int32_t) {
  static_cast<Output*>(context)->error.assign(bytes, size);
}

}  // namespace

absl::StatusOr<std::unique_ptr<const SentencePieceModel>> SentencePieceModel::Open(
    std::string_view bytes, std::string_view file) {
  if (!Plugin().ok()) return Plugin().status();
  const TactSentencePieceApi* api = *Plugin();
  Output out;
  void* model = api->open(bytes.data(), bytes.size(), TakeError, &out);
  if (model == nullptr) {
    return FieldError(file, StrCat(bytes.size(), " bytes"),
                      StrCat("not a sentencepiece model (", out.error, ")"),
                      "copy the model's spiece.model again");
  }
  return std::unique_ptr<const SentencePieceModel>(new SentencePieceModel(api, model));
}

SentencePieceModel::SentencePieceModel(const TactSentencePieceApi* api, void* model)
    : api_(api), model_(model), size_(api->size(model)) {}

SentencePieceModel::~SentencePieceModel() { api_->close(model_); }

int32_t SentencePieceModel::PieceToId(std::string_view piece) const {
  return api_->piece_to_id(model_, piece.data(), piece.size());
}

std::string SentencePieceModel::IdToPiece(int32_t id) const {
  if (id < 0 || id >= size_) return "";
  Output out;
  api_->id_to_piece(model_, id, TakeItem, &out);
  return out.items.empty() ? "" : std::move(out.items[0].first);
}

std::vector<std::pair<std::string, int32_t>> SentencePieceModel::Encode(
    std::string_view text) const {
  Output out;
  // It fails only for a model that did not load, and this one did.
  if (api_->encode(model_, text.data(), text.size(), TakeItem, TakeError, &out) != 0) return {};
  return std::move(out.items);
}

std::string SentencePieceModel::Decode(std::span<const std::string> pieces) const {
  std::vector<const char*> data;
  std::vector<size_t> sizes;
  for (const auto& piece : pieces) {
    data.push_back(piece.data());
    sizes.push_back(piece.size());
  }
  Output out;
  const int failed =
      api_->decode(model_, data.data(), sizes.data(), pieces.size(), TakeItem, TakeError, &out);
  return failed != 0 || out.items.empty() ? "" : std::move(out.items[0].first);
}

}  // namespace tact

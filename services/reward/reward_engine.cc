#include "services/reward/reward_engine.h"

#include <utility>

#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/kernels/threads.h"

namespace tact {
namespace {

absl::Status CheckFit(const Tokenizer& tokenizer, const RobertaConfig& config,
                      const std::string& folder) {
  if (tokenizer.vocab_size() <= config.vocab_size) return absl::OkStatus();
  return FieldError(
      folder, StrCat(tokenizer.vocab_size(), " tokens"),
      StrCat("the tokenizer has more tokens than the model's embedding (", config.vocab_size, ")"),
      "take tokenizer and model from the same folder");
}

absl::Status CheckFolder(const std::string& folder) {
  std::error_code ignored;
  if (std::filesystem::is_directory(folder, ignored)) return absl::OkStatus();
  return MakeError(absl::StatusCode::kNotFound,
                   {"MODEL_NOT_FOUND", "--model", folder,
                    "name a Hugging Face folder with config.json, model.safetensors, vocab.json "
                    "and merges.txt"},
                   "there is no such folder");
}

absl::Status CheckTokenizerKind(const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(const ModelType type, DetectModelType(folder));
  if (type != ModelType::kBert) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kUnimplemented,
      {"NO_TOKENIZER", (folder / "config.json").string(), "\"bert\"", "serve a RoBERTa classifier"},
      "model_type bert: no WordPiece tokenizer");
}

}  // namespace

RewardEngine::RewardEngine(std::unique_ptr<const Classifier> classifier,
                           std::unique_ptr<const Tokenizer> tokenizer, const RewardOptions& options)
    : classifier_(std::move(classifier)), tokenizer_(std::move(tokenizer)) {
  Batcher::Engine engine;
  engine.start = [threads = options.threads] { UseComputeThreads(threads); };
  engine.run = [this](const Batcher::Texts& texts) -> absl::StatusOr<std::vector<float>> {
    return classifier_->Forward(texts, workspace_);
  };
  batcher_ = std::make_unique<Batcher>(options.batching, std::move(engine));
}

absl::StatusOr<std::unique_ptr<RewardEngine>> RewardEngine::Start(const RewardOptions& options) {
  RETURN_IF_ERROR(CheckFolder(options.model));
  RETURN_IF_ERROR(CheckTokenizerKind(options.model));
  ASSIGN_OR_RETURN(auto tokenizer, LoadTokenizer(options.model));
  ASSIGN_OR_RETURN(auto classifier, Classifier::Load(options.model, options.weight_type));
  RETURN_IF_ERROR(CheckFit(*tokenizer, classifier->config(), options.model));
  std::unique_ptr<RewardEngine> engine(
      new RewardEngine(std::move(classifier), std::move(tokenizer), options));
  RETURN_IF_ERROR(engine->batcher().Score({engine->tokenizer().Encode("warm up")}).status());
  LogInfo("serving ", options.model, ": ", engine->config().num_parameters(), " parameters, ",
          engine->config().num_labels(), " labels");
  return engine;
}

}  // namespace tact

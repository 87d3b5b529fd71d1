#include "services/tactctl/model_check.h"

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/checkpoint.h"
#include "common/model/config.h"
#include "common/text/tokenizer.h"

namespace tact::ctl {
namespace {

constexpr char kPullAdvice[] =
    "name another folder, make small ones with scripts/make-models, or tactctl models pull";

absl::StatusOr<int64_t> ConfiguredParameters(const std::string& kind,
                                             const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(const ModelType type, DetectModelType(folder));
  if ((type == ModelType::kT5) != (kind == "policy")) {
    return FieldError("config.json", folder.string(), StrCat("is no model for the ", kind),
                      "the policy takes T5, the reward RoBERTa or BERT");
  }
  if (type == ModelType::kT5) {
    ASSIGN_OR_RETURN(const T5Config config, T5Config::Load(folder));
    return config.num_parameters();
  }
  ASSIGN_OR_RETURN(const RobertaConfig config, RobertaConfig::Load(folder));
  return config.num_parameters();
}

absl::StatusOr<int64_t> LoadHeaders(const std::string& kind, const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(const int64_t parameters, ConfiguredParameters(kind, folder));
  RETURN_IF_ERROR(LoadTokenizer(folder).status());
  RETURN_IF_ERROR(Checkpoint::Open(folder).status());
  return parameters;
}

}  // namespace

ModelFinding CheckModel(const std::string& kind, const std::filesystem::path& folder) {
  const std::string check = StrCat("model ", kind);
  const auto parameters =
      CatchExceptions(folder.string(), [&] { return LoadHeaders(kind, folder); });
  if (!parameters.ok()) {
    return {{check, Verdict::kFail, std::string(parameters.status().message()), kPullAdvice}, 0};
  }
  return {
      {check, Verdict::kOk,
       StrCat(folder.string(), ": config, tokenizer, weights; ", *parameters, " parameters"), ""},
      static_cast<uint64_t>(*parameters)};
}

}  // namespace tact::ctl

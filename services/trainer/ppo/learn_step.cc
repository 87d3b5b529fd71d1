#include "services/trainer/ppo/learn_step.h"

#include <nlohmann/json.hpp>

#include "common/base/status.h"

namespace tact {
namespace {

using nlohmann::json;

json ToJson(const TokenSequence& row) {
  json out = {
      {"prompt", row.prompt}, {"response", row.response}, {"drawn", row.behaviour_logprobs}};
  if (row.decoder_start) out["start"] = *row.decoder_start;
  return out;
}

TokenSequence FromJson(const json& value) {
  TokenSequence out{value.at("prompt"), value.at("response"), value.at("drawn")};
  if (value.contains("start")) out.decoder_start = value.at("start").get<int32_t>();
  return out;
}

}  // namespace

std::string PackStep(const LearnStep& step) {
  json rows = json::array();
  for (const TokenSequence& row : step.rollouts) rows.push_back(ToJson(row));
  const std::vector<uint8_t> bytes = json::to_cbor({{"rollouts", rows},
                                                    {"scores", step.scores},
                                                    {"kl_coef", step.kl_coef},
                                                    {"step", step.step}});
  return {bytes.begin(), bytes.end()};
}

absl::StatusOr<LearnStep> UnpackStep(const std::string& bytes) {
  return CatchExceptions("a step of rank 0", [&]() -> absl::StatusOr<LearnStep> {
    const json value = json::from_cbor(bytes);
    LearnStep out;
    for (const json& row : value.at("rollouts")) out.rollouts.push_back(FromJson(row));
    out.scores = value.at("scores").get<std::vector<double>>();
    out.kl_coef = value.at("kl_coef");
    out.step = value.at("step");
    return out;
  });
}

}  // namespace tact

#include "services/trainer/page/sample_log.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/file.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/trainer/checkpoint/atomic_folder.h"

namespace tact {
namespace {

using nlohmann::json;

constexpr size_t kMostSamples = 6;

SampleAtStep AtStep(const RolloutSample& sample, uint32_t step) {
  return {step, sample.response, sample.score};
}

json ToJson(const SampleAtStep& one) {
  json out = {{"step", one.step}, {"response", one.response}};
  if (one.score) out["score"] = *one.score;
  return out;
}

json ToJson(const std::vector<KeptSample>& samples) {
  json out = json::array();
  for (const KeptSample& one : samples) {
    json item = {{"prompt", one.prompt}, {"before", ToJson(one.before)}};
    if (one.now) item["now"] = ToJson(*one.now);
    out.push_back(item);
  }
  return out;
}

SampleAtStep StepFromJson(const json& value) {
  SampleAtStep out{value.value("step", 0u), value.value("response", ""), std::nullopt};
  if (value.contains("score")) out.score = value["score"].get<double>();
  return out;
}

std::vector<KeptSample> SamplesFromJson(const json& value) {
  std::vector<KeptSample> out;
  for (const json& item : value) {
    KeptSample& one = out.emplace_back();
    one.prompt = item.value("prompt", "");
    one.before = StepFromJson(item.at("before"));
    if (item.contains("now")) one.now = StepFromJson(item["now"]);
  }
  return out;
}

absl::StatusOr<KeptSamples> Parse(const std::string& text) {
  return CatchExceptions("samples", [&]() -> absl::StatusOr<KeptSamples> {
    const json value = json::parse(text);
    return KeptSamples{SamplesFromJson(value.at("fixed")), SamplesFromJson(value.at("latest"))};
  });
}

}  // namespace

KeptSamples KeepSamples(KeptSamples kept, uint32_t step, const std::vector<RolloutSample>& samples,
                        size_t limit) {
  const bool first = kept.fixed.empty();
  kept.latest.clear();
  for (const RolloutSample& sample : samples) {
    const auto known =
        std::find_if(kept.fixed.begin(), kept.fixed.end(),
                     [&](const KeptSample& one) { return one.prompt == sample.prompt; });
    if (known != kept.fixed.end()) {
      if (step > known->before.step) known->now = AtStep(sample, step);
    } else if (first && kept.fixed.size() < limit) {
      kept.fixed.push_back({sample.prompt, AtStep(sample, step), std::nullopt});
    } else if (!first && kept.latest.size() < limit) {
      kept.latest.push_back({sample.prompt, AtStep(sample, step), std::nullopt});
    }
  }
  return kept;
}

std::filesystem::path SampleLog::PathOf(std::string_view job_id) const {
  return folder_ / StrCat(job_id, ".json");
}

absl::Status SampleLog::Add(std::string_view job_id, uint32_t step,
                            const std::vector<RolloutSample>& samples) const {
  RETURN_IF_ERROR(MakeFolder(folder_));
  const KeptSamples kept = KeepSamples(Read(job_id), step, samples, kMostSamples);
  const json value = {{"fixed", ToJson(kept.fixed)}, {"latest", ToJson(kept.latest)}};
  return WriteFileAtomically(PathOf(job_id),
                             value.dump(1, ' ', false, json::error_handler_t::replace));
}

KeptSamples SampleLog::Read(std::string_view job_id) const {
  const absl::StatusOr<std::string> text = ReadFile(PathOf(job_id), 1 << 20);
  if (!text.ok()) return {};
  return Parse(*text).value_or(KeptSamples());
}

}  // namespace tact

#include "tests/bench/engine/workload.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/model/json_fields.h"

namespace tact::bench {
namespace {

using nlohmann::json;

constexpr int64_t kMost = 1 << 20;

// body(name, fields) for each work of a section; a work that is wrong is an error.
template <typename Body>
absl::Status ForEachWork(const json& root, const char* section, std::string_view file, Body body) {
  if (!root.contains(section)) return absl::OkStatus();
  for (const auto& [name, value] : root.at(section).items()) {
    const std::string where = StrCat(file, ": ", section, ".", name);
    ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Parse(value.dump(), where));
    body(name, fields);
    RETURN_IF_ERROR(fields.status());
  }
  return absl::OkStatus();
}

// The field's values, where it is a list, or its one value.
std::vector<int64_t> Values(JsonFields& fields, const char* key, int64_t fallback) {
  if (!fields.Has(key) || !fields.json().at(key).is_array()) {
    return {fields.Int(key, fallback, 1, kMost)};
  }
  std::vector<int64_t> values;
  for (const json& value : fields.json().at(key)) {
    if (!value.is_number_integer() || value < 1 || value > kMost) {
      fields.Fail(key, value.dump(), "whole numbers from 1");
      return {fallback};
    }
    values.push_back(value);
  }
  if (values.empty()) fields.Fail(key, "[]", "at least one value");
  return values;
}

// [min, max], or one number.
Range ReadRange(JsonFields& fields, const char* key) {
  const std::vector<int64_t> values = Values(fields, key, 1);
  if (values.size() == 1) return {values[0], values[0]};
  if (values.size() == 2 && values[0] <= values[1]) return {values[0], values[1]};
  if (!values.empty()) fields.Fail(key, fields.json().at(key).dump(), "[least, greatest]");
  return {1, 1};
}

uint64_t Seed(JsonFields& fields) { return static_cast<uint64_t>(fields.Int("seed", 1, 0, kMost)); }

void AddGeneration(const std::string& name, JsonFields& fields, std::vector<GenerationCase>& out) {
  GenerationCase one = {.work = name,
                        .new_tokens = fields.Int("new_tokens", 40, 1, kMost),
                        .do_sample = fields.Bool("do_sample", false),
                        .seed = Seed(fields)};
  for (const int64_t batch : Values(fields, "batch", 1)) {
    for (const int64_t prompt : Values(fields, "prompt_tokens", 200)) {
      for (const int64_t samples : Values(fields, "samples", 1)) {
        one.batch = batch;
        one.prompt_tokens = prompt;
        one.samples = samples;
        out.push_back(one);
      }
    }
  }
}

MixedWork ReadMixed(const std::string& name, JsonFields& fields) {
  return {.work = name,
          .requests = fields.Int("requests", 64, 1, kMost),
          .max_running = fields.Int("max_running", 16, 1, 4096),
          .prompt_tokens = ReadRange(fields, "prompt_tokens"),
          .new_tokens = ReadRange(fields, "new_tokens"),
          .load = fields.Number("load", 0.9, 0.01, 100),
          .seed = Seed(fields)};
}

ClassificationCase ReadClassification(const std::string& name, JsonFields& fields) {
  return {.work = name,
          .texts = fields.Int("texts", 16, 1, kMost),
          .tokens = ReadRange(fields, "tokens"),
          .seed = Seed(fields)};
}

}  // namespace

std::string GenerationCase::name() const {
  return StrCat(work, " b", batch, " p", prompt_tokens, " k", samples);
}

std::string ClassificationCase::name() const {
  const std::string lengths =
      tokens.min == tokens.max ? StrCat(tokens.max) : StrCat(tokens.min, "-", tokens.max);
  return StrCat("classify ", texts, "x", lengths);
}

absl::StatusOr<Workloads> ParseWorkloads(std::string_view text, std::string_view file) {
  ASSIGN_OR_RETURN(const JsonFields root, JsonFields::Parse(text, file));
  Workloads out;
  const auto generation = [](std::vector<GenerationCase>& to) {
    return [&to](const std::string& name, JsonFields& f) { AddGeneration(name, f, to); };
  };
  RETURN_IF_ERROR(ForEachWork(root.json(), "generate", file, generation(out.generation)));
  RETURN_IF_ERROR(ForEachWork(root.json(), "profile", file, generation(out.profile)));
  RETURN_IF_ERROR(ForEachWork(root.json(), "mixed", file, [&](const auto& name, JsonFields& f) {
    out.mixed.push_back(ReadMixed(name, f));
  }));
  RETURN_IF_ERROR(ForEachWork(root.json(), "classify", file, [&](const auto& name, JsonFields& f) {
    out.classification.push_back(ReadClassification(name, f));
  }));
  return out;
}

absl::StatusOr<Workloads> Select(Workloads all, const std::vector<std::string>& names) {
  if (names.empty()) return all;
  std::vector<bool> used(names.size(), false);
  const auto keep = [&](auto& works) {
    std::erase_if(works, [&](const auto& work) {
      const auto at = std::ranges::find(names, work.work) - names.begin();
      if (at == std::ssize(names)) return true;
      used[at] = true;
      return false;
    });
  };
  keep(all.generation), keep(all.mixed), keep(all.classification), keep(all.profile);
  const auto unknown = std::ranges::find(used, false) - used.begin();
  if (unknown == std::ssize(used)) return all;
  return absl::NotFoundError(StrCat("--work: no workload is called \"", names[unknown], "\""));
}

}  // namespace tact::bench

#include "tests/bench/engine/profile.h"

#include <cstdio>
#include <iterator>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/policy/engine/step_profile.h"
#include "tests/bench/engine/roofline.h"

namespace tact::bench {
namespace {

// The parts of a step in the order of the table.
constexpr std::pair<StepPart, const char*> kParts[] = {
    {StepPart::kEmbedding, "embedding"},
    {StepPart::kNorm, "norms"},
    {StepPart::kQkv, "qkv"},
    {StepPart::kSelfAttention, "self-attention"},
    {StepPart::kCrossQuery, "cross query"},
    {StepPart::kCrossAttention, "cross-attention"},
    {StepPart::kOut, "out projections"},
    {StepPart::kFeedForward, "feed-forward"},
    {StepPart::kHead, "head"},
    {StepPart::kSampling, "sampling"},
    {StepPart::kRest, "rest"}};

// Runs the case with `profile` on. The engine's thread has ended when this returns, so that the
// profile can be read.
absl::Status RunProfiled(const BenchModel& model, const GenerationCase& work,
                         const Repeats& repeats, StepProfile& profile) {
  const std::unique_ptr<Engine> engine = WideEngine(model, work.batch * work.samples);
  for (int i = 0; i < repeats.warm_up; ++i) RETURN_IF_ERROR(RunCase(*engine, model, work));
  StepProfile::Current() = &profile;
  absl::Status status;
  for (int i = 0; i < repeats.count && status.ok(); ++i) status = RunCase(*engine, model, work);
  StepProfile::Current() = nullptr;
  return status;
}

void Fill(const StepProfile& profile, int repetitions, ProfileRow& row) {
  row.steps = profile.steps();
  row.encode_seconds = profile.seconds(StepPart::kEncode) / repetitions;
  for (const auto& [part, name] : kParts) {
    const double seconds = profile.seconds(part) / static_cast<double>(row.steps);
    row.parts.emplace_back(name, seconds);
    row.step_seconds += seconds;
  }
}

// One line: a name, and a value of each row.
template <typename Value>
void AddLine(std::string* out, const std::string& name, const char* format,
             std::span<const ProfileRow> rows, Value value) {
  char cell[32];
  std::snprintf(cell, sizeof(cell), "%-24s", name.c_str());
  *out += cell;
  for (const ProfileRow& row : rows) {
    std::snprintf(cell, sizeof(cell), format, value(row));
    *out += cell;
  }
  *out += '\n';
}

constexpr char kNumber[] = "%16.1f";

void AddRoofline(std::string* out, std::span<const ProfileRow> rows) {
  const auto line = [&](const char* name, auto value) { AddLine(out, name, kNumber, rows, value); };
  line("weights, MiB a step", [](const auto& r) { return double(r.weight_bytes) / (1 << 20); });
  line("keys and values, MiB", [](const auto& r) { return double(r.cache_bytes) / (1 << 20); });
  line("memory, GB/s", [](const auto& r) { return r.bandwidth * 1e-9; });
  line("roofline, us", [](const auto& r) { return r.roofline_seconds() * 1e6; });
  line("share of roofline, %", [](const auto& r) { return r.share() * 100; });
  line("encoding, us a batch", [](const auto& r) { return r.encode_seconds * 1e6; });
}

}  // namespace

double ProfileRow::roofline_seconds() const { return RooflineSeconds(weight_bytes, bandwidth); }

absl::StatusOr<std::vector<ProfileRow>> ProfileSteps(const BenchModel& model,
                                                     std::span<const GenerationCase> cases,
                                                     const Repeats& repeats, double bandwidth) {
  std::vector<ProfileRow> rows;
  for (const GenerationCase& work : cases) {
    StepProfile profile(model.threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC);
    RETURN_IF_ERROR(RunProfiled(model, work, repeats, profile));
    ProfileRow row = {.work = work, .dtype = model.dtype, .threads = model.threads};
    Fill(profile, repeats.count, row);
    row.weight_bytes = StepWeightBytes(*model.snapshot);
    row.cache_bytes =
        StepCacheBytes(model.config, model.snapshot->half_cross(), work.batch, work.prompt_tokens,
                       work.batch * work.samples, work.new_tokens / 2);
    row.bandwidth = bandwidth;
    rows.push_back(std::move(row));
  }
  return rows;
}

nlohmann::json ToJson(const ProfileRow& row) {
  nlohmann::json parts = nlohmann::json::object();
  for (const auto& [name, seconds] : row.parts) parts[name] = seconds;
  return {{"engine", "tact"},
          {"name", StrCat("profile ", row.work.name())},
          {"work", row.work.work},
          {"dtype", row.dtype},
          {"threads", row.threads},
          {"batch", row.work.batch},
          {"steps", row.steps},
          {"step_seconds", row.step_seconds},
          {"encode_seconds", row.encode_seconds},
          {"parts", std::move(parts)},
          {"weight_bytes", row.weight_bytes},
          {"cache_bytes", row.cache_bytes},
          {"bandwidth", row.bandwidth},
          {"roofline_seconds", row.roofline_seconds()},
          {"roofline_share", row.share()}};
}

std::string ProfileTable(std::span<const ProfileRow> rows) {
  std::string out;
  AddLine(&out, "us a decode step", "%16s", rows, [](const auto& r) { return r.dtype.c_str(); });
  AddLine(&out, "", "%16s", rows, [](const auto& r) {
    static thread_local std::string label;
    label = StrCat("b", r.work.batch);
    return label.c_str();
  });
  for (size_t part = 0; part < std::size(kParts); ++part) {
    AddLine(&out, kParts[part].second, kNumber, rows,
            [part](const auto& r) { return r.parts[part].second * 1e6; });
  }
  AddLine(&out, "step", kNumber, rows, [](const auto& r) { return r.step_seconds * 1e6; });
  AddRoofline(&out, rows);
  return out;
}

}  // namespace tact::bench

// tact-bench: measures tact's engines on a file of workloads, or profiles a decode step.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/kernels/cpu.h"
#include "common/kernels/threads.h"
#include "common/rpc/server.h"
#include "tests/bench/engine/bandwidth.h"
#include "tests/bench/engine/classification.h"
#include "tests/bench/engine/mixed.h"
#include "tests/bench/engine/profile.h"

namespace tact::bench {
namespace {

constexpr char kProgram[] = "tact-bench";
constexpr int kBandwidthPasses = 9;

struct Options {
  std::string workloads = "tests/bench/workloads.json";
  std::string policy, reward, json;
  std::vector<std::string> dtypes = {"f32"};
  std::vector<std::string> works;
  int threads = 0;
  Repeats repeats;
  bool profile = false;
  size_t bandwidth_mib = 1024;
};

struct Findings {
  std::vector<Measurement> measurements;
  std::vector<ProfileRow> profile;
};

void AddFlags(CLI::App& app, Options& o) {
  const auto add = [&app](const char* name, auto& value, const char* help) {
    return app.add_option(name, value, help)->capture_default_str();
  };
  add("--workloads", o.workloads, "JSON file of the works");
  add("--policy", o.policy, "T5 folder; without it nothing is generated");
  add("--reward", o.reward, "RoBERTa folder; without it nothing is classified");
  add("--dtype", o.dtypes, "f32, bf16, int8; several one after the other")->delimiter(',');
  add("--work", o.works, "works to measure, by their keys; all where none is named")
      ->delimiter(',');
  add("--threads", o.threads, "compute threads; 0 takes every CPU of this process")
      ->check(CLI::Range(0, 1024));
  add("--repetitions", o.repeats.count, "of each work, of which the median counts")
      ->check(CLI::Range(1, 1000));
  add("--warm-up", o.repeats.warm_up, "runs of each work's first case before")
      ->check(CLI::Range(0, 1000));
  app.add_flag("--profile", o.profile, "where a decode step's time goes, beside the roofline");
  add("--bandwidth-mib", o.bandwidth_mib, "buffer that the memory's bandwidth is measured on")
      ->check(CLI::Range(4, 1 << 16));
  add("--json", o.json, "also write everything that was measured to this file");
}

template <typename Item>
void Append(std::vector<Item> from, std::vector<Item>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

absl::Status MeasurePolicy(const Options& o, const std::string& dtype, const Workloads& works,
                           double bandwidth, Findings& out) {
  ASSIGN_OR_RETURN(const BenchModel model, LoadBenchModel(o.policy, dtype, o.threads));
  if (o.profile) {
    ASSIGN_OR_RETURN(auto rows, ProfileSteps(model, works.profile, o.repeats, bandwidth));
    Append(std::move(rows), out.profile);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(auto found, MeasureGeneration(model, works.generation, o.repeats));
  Append(std::move(found), out.measurements);
  for (const MixedWork& work : works.mixed) {
    ASSIGN_OR_RETURN(auto served, MeasureMixed(model, work, o.repeats.count));
    Append(std::move(served), out.measurements);
  }
  return absl::OkStatus();
}

absl::Status MeasureReward(const Options& o, const std::string& dtype, const Workloads& works,
                           Findings& out) {
  ASSIGN_OR_RETURN(auto found, MeasureClassification(o.reward, dtype, o.threads,
                                                     works.classification, o.repeats));
  Append(std::move(found), out.measurements);
  return absl::OkStatus();
}

absl::Status WriteJson(const std::string& path, const Findings& found) {
  nlohmann::json out = nlohmann::json::array();
  for (const Measurement& measurement : found.measurements) out.push_back(ToJson(measurement));
  for (const ProfileRow& row : found.profile) out.push_back(ToJson(row));
  return WriteFileAtomically(path, out.dump(1) + "\n");
}

absl::StatusOr<int> Measure(Options o) {
  o.threads = ConfigureThreads(o.threads);
  ASSIGN_OR_RETURN(const std::string text, ReadFile(o.workloads));
  ASSIGN_OR_RETURN(Workloads works, ParseWorkloads(text, o.workloads));
  ASSIGN_OR_RETURN(works, Select(std::move(works), o.works));
  const double bandwidth =
      o.profile ? MeasureBandwidth(o.bandwidth_mib, kBandwidthPasses, o.threads) : 0;
  Findings found;
  for (const std::string& dtype : o.dtypes) {
    if (!o.policy.empty()) RETURN_IF_ERROR(MeasurePolicy(o, dtype, works, bandwidth, found));
    if (o.reward.empty() || o.profile || works.classification.empty()) continue;
    RETURN_IF_ERROR(MeasureReward(o, dtype, works, found));
  }
  std::printf("threads %d, cpu %s\n", o.threads, DescribeCpu().c_str());
  if (!found.measurements.empty()) std::fputs(Table(found.measurements).c_str(), stdout);
  if (!found.profile.empty()) std::fputs(ProfileTable(found.profile).c_str(), stdout);
  if (!o.json.empty()) RETURN_IF_ERROR(WriteJson(o.json, found));
  return 0;
}

int Main(int argc, char** argv) {
  EnsurePassiveWait(argv);
  InitLogging(kProgram);
  CLI::App app("Measures generation and classification in this process", kProgram);
  Options options;
  AddFlags(app, options);
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<int> code = CatchExceptions("bench", [&] { return Measure(options); });
  return code.ok() ? *code : FailStart(kProgram, code.status());
}

}  // namespace
}  // namespace tact::bench

int main(int argc, char** argv) { return tact::bench::Main(argc, argv); }

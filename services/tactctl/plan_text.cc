#include "services/tactctl/plan_text.h"

#include <algorithm>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/strings.h"
#include "services/tactctl/output.h"
#include "services/tactctl/spec_fields.h"

namespace tact::ctl {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string GroupOf(const std::string& path) {
  const size_t dot = path.find('.');
  return dot == path.npos ? "job" : path.substr(0, dot);
}

// Fields of the job itself first, then each group in the order of the proto.
std::vector<std::pair<std::string, Fields>> Group(const Fields& fields) {
  std::vector<std::pair<std::string, Fields>> groups = {{"job", {}}};
  for (const auto& field : fields) {
    const std::string name = GroupOf(field.first);
    auto found = std::find_if(groups.begin(), groups.end(),
                              [&](const auto& group) { return group.first == name; });
    if (found == groups.end()) found = groups.insert(groups.end(), {name, {}});
    found->second.push_back(field);
  }
  return groups;
}

Fields Indented(Fields fields) {
  for (auto& field : fields) field.first.insert(0, "  ");
  return fields;
}

std::string Bytes(uint64_t bytes) {
  const double mib = static_cast<double>(bytes) / (1 << 20);
  return mib < 1024 ? absl::StrFormat("%.1f MiB", mib) : absl::StrFormat("%.2f GiB", mib / 1024);
}

void PrintMemory(std::ostream& out, const v1::MemoryEstimate& memory) {
  out << "memory at the peak, estimated: " << Bytes(memory.total())
      << ", the trainer itself included\n"
      << "  weights " << Bytes(memory.weights()) << ", gradients " << Bytes(memory.gradients())
      << ", optimizer " << Bytes(memory.optimizer()) << ", activations "
      << Bytes(memory.activations()) << '\n';
}

void PrintTime(std::ostream& out, const v1::PlanJobResponse& plan) {
  out << "steps: " << plan.total_steps() << '\n';
  if (plan.seconds_per_step() == 0) {
    out << "time: not measured, a job runs or is queued (see tactctl jobs list)\n";
    return;
  }
  out << "time, by a trial on this machine: " << absl::StrFormat("%.3g", plan.seconds_per_step())
      << " s a step, " << Seconds(plan.seconds()) << " in all";
  if (plan.spec().kind() == v1::JOB_KIND_PPO) out << ", without generation";
  out << '\n';
}

}  // namespace

std::string ParameterLines(uint64_t trainable, uint64_t total) {
  const double percent =
      total == 0 ? 0 : 100.0 * static_cast<double>(trainable) / static_cast<double>(total);
  return absl::StrFormat(
      "trainable model parameters: %d\nall model parameters: %d\n"
      "percentage of trainable model parameters: %.2f%%",
      trainable, total, percent);
}

void PrintPlan(std::ostream& out, const v1::PlanJobResponse& plan) {
  for (const auto& [name, fields] : Group(SetFields(plan.spec()))) {
    if (fields.empty()) continue;
    out << name << '\n';
    PrintFields(out, Indented(fields));
  }
  out << '\n' << ParameterLines(plan.trainable_parameters(), plan.total_parameters()) << "\n\n";
  PrintMemory(out, plan.memory());
  PrintTime(out, plan);
}

}  // namespace tact::ctl

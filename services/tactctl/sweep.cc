#include "services/tactctl/sweep.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/tactctl/job_text.h"
#include "services/tactctl/spec_fields.h"

namespace tact::ctl {
namespace {

constexpr size_t kMostJobs = 1000;

// As served names allow it.
std::string Suffix(const std::string& path, const std::string& value) {
  std::string out =
      absl::AsciiStrToLower(StrCat("-", path.substr(path.rfind('.') + 1), "-", value));
  std::replace_if(
      out.begin(), out.end(),
      [](char c) { return !absl::ascii_isalnum(c) && c != '.' && c != '_'; }, '-');
  return out;
}

absl::StatusOr<SweptSpec> With(const SweptSpec& base, const std::string& path,
                               const std::string& value) {
  SweptSpec out = base;
  out.values.push_back(value);
  RETURN_IF_ERROR(SetField(out.spec, path, value));
  const std::string suffix = Suffix(path, value);
  out.spec.mutable_name()->append(suffix);
  if (!out.spec.publish_as().empty()) out.spec.mutable_publish_as()->append(suffix);
  return out;
}

}  // namespace

absl::StatusOr<std::vector<SweptSpec>> ExpandSweeps(const v1::JobSpec& spec,
                                                    const std::vector<std::string>& sweeps) {
  std::vector<SweptSpec> out = {{{}, spec}};
  if (!sweeps.empty() && spec.name().empty()) out[0].spec.set_name(KindName(spec.kind()));
  for (const std::string& sweep : sweeps) {
    ASSIGN_OR_RETURN(const auto assignment, SplitAssignment(sweep));
    const std::vector<std::string> values = absl::StrSplit(assignment.second, ',');
    if (out.size() * values.size() > kMostJobs) {
      return FieldError("--sweep", StrCat(out.size() * values.size()), "too many combinations",
                        StrCat("make at most ", kMostJobs, " jobs at once"));
    }
    std::vector<SweptSpec> next;
    for (const SweptSpec& base : out) {
      for (const std::string& value : values) {
        ASSIGN_OR_RETURN(next.emplace_back(), With(base, assignment.first, value));
      }
    }
    out = std::move(next);
  }
  return out;
}

}  // namespace tact::ctl

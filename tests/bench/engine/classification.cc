#include "tests/bench/engine/classification.h"

#include <algorithm>

#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/reward/classifier.h"
#include "tests/bench/engine/prompts.h"

namespace tact::bench {
namespace {

struct Loaded {
  std::vector<std::vector<int32_t>> texts;
  std::vector<TokenSpan> spans;

  explicit Loaded(const ClassificationCase& work)
      : texts(Texts(work)), spans(texts.begin(), texts.end()) {}
  int64_t tokens() const {
    int64_t sum = 0;
    for (const auto& text : texts) sum += std::ssize(text);
    return sum;
  }
};

absl::Status Score(const Classifier& classifier, const Loaded& texts,
                   Classifier::Workspace& workspace) {
  const std::vector<float> logits = classifier.Forward(texts.spans, workspace);
  const size_t wanted = texts.spans.size() * classifier.config().num_labels();
  if (logits.size() == wanted) return absl::OkStatus();
  return absl::InternalError(StrCat(logits.size(), " logits came, not ", wanted));
}

absl::Status Repeat(const Classifier& classifier, std::span<const Loaded> texts,
                    Classifier::Workspace& workspace, std::vector<Measurement>& out) {
  for (size_t i = 0; i < texts.size(); ++i) {
    ResetPeak();
    const UsageWatch watch;
    RETURN_IF_ERROR(Score(classifier, texts[i], workspace));
    out[i].repetitions.push_back(watch.Read());
    out[i].peak_mib = std::max(out[i].peak_mib, PeakMib());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Measurement>> MeasureClassification(
    const std::string& folder, const std::string& dtype, int threads,
    std::span<const ClassificationCase> cases, const Repeats& repeats) {
  ASSIGN_OR_RETURN(const WeightType type, ParseWeightType(dtype));
  ASSIGN_OR_RETURN(const std::unique_ptr<const Classifier> classifier,
                   Classifier::Load(folder, type));
  std::vector<Loaded> texts;
  std::vector<Measurement> out;
  for (const ClassificationCase& work : cases) {
    texts.emplace_back(work);
    out.push_back({.name = work.name(),
                   .work = work.work,
                   .dtype = dtype,
                   .threads = threads,
                   .tokens = texts.back().tokens(),
                   .more = {{"texts", work.texts}}});
  }
  Classifier::Workspace workspace;
  for (int i = 0; i < repeats.warm_up; ++i) {
    for (const Loaded& loaded : texts) RETURN_IF_ERROR(Score(*classifier, loaded, workspace));
  }
  for (int i = 0; i < repeats.count; ++i) {
    RETURN_IF_ERROR(Repeat(*classifier, texts, workspace, out));
  }
  return out;
}

}  // namespace tact::bench

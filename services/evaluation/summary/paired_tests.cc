#include "services/evaluation/summary/paired_tests.h"

#include <string_view>
#include <vector>

#include "services/evaluation/summary/resampling.h"
#include "services/evaluation/summary/wording.h"

namespace tact {
namespace {

using Row = v1::ComparedExample;

// Where a row's two numbers of one measure are.
struct Measure {
  std::string_view name;
  bool needs_reference;
  double (*before)(const Row&);
  double (*after)(const Row&);
};

constexpr Measure kMeasures[] = {
    {"toxicity", false, [](const Row& r) { return r.toxicity_before(); },
     [](const Row& r) { return r.toxicity_after(); }},
    {"reward", false, [](const Row& r) { return r.reward_before(); },
     [](const Row& r) { return r.reward_after(); }},
    {"rouge1", true, [](const Row& r) { return r.rouge_before().rouge1(); },
     [](const Row& r) { return r.rouge_after().rouge1(); }},
    {"rouge2", true, [](const Row& r) { return r.rouge_before().rouge2(); },
     [](const Row& r) { return r.rouge_after().rouge2(); }},
    {"rougeL", true, [](const Row& r) { return r.rouge_before().rouge_l(); },
     [](const Row& r) { return r.rouge_after().rouge_l(); }},
    {"rougeLsum", true, [](const Row& r) { return r.rouge_before().rouge_lsum(); },
     [](const Row& r) { return r.rouge_after().rouge_lsum(); }},
    {"words", false, [](const Row& r) { return static_cast<double>(r.words_before()); },
     [](const Row& r) { return static_cast<double>(r.words_after()); }},
};

void FillTest(const statistics::PairedComparison& found, v1::PairedTest& test) {
  test.set_mean_before(found.mean_before);
  test.set_mean_after(found.mean_after);
  test.set_mean_difference(found.mean_difference);
  test.mutable_interval()->set_low(found.interval.low);
  test.mutable_interval()->set_high(found.interval.high);
  test.set_permutation_p(found.sign_flips.p);
  test.set_permutation_exact(found.sign_flips.exact);
  test.set_permutations(found.sign_flips.permutations);
  test.set_wilcoxon_plus(found.wilcoxon.ranks.plus);
  test.set_wilcoxon_minus(found.wilcoxon.ranks.minus);
  test.set_wilcoxon_p(found.wilcoxon.p);
  test.set_wilcoxon_exact(found.wilcoxon.exact);
  if (found.cohens_d.has_value()) test.set_cohens_d(*found.cohens_d);
  test.set_rank_biserial(found.rank_biserial);
}

void AddTest(const Measure& measure, v1::CompareResponse& comparison) {
  std::vector<double> before, after;
  for (const Row& row : comparison.rows()) {
    if (measure.needs_reference && !row.has_rouge_before()) continue;
    before.push_back(measure.before(row));
    after.push_back(measure.after(row));
  }
  if (before.empty()) return;
  const v1::ResamplingOptions& options = comparison.resampling();
  v1::PairedTest& test = *comparison.add_tests();
  test.set_measure(std::string(measure.name));
  test.set_pairs(static_cast<uint32_t>(before.size()));
  FillTest(statistics::ComparePairs(before, after, ToPairedOptions(options)), test);
  test.set_in_words(InWords(test, options.confidence()));
}

}  // namespace

absl::Status AddPairedTests(const v1::ResamplingOptions& options,
                            const std::function<bool()>& stopped, v1::CompareResponse& comparison) {
  *comparison.mutable_resampling() = options;
  comparison.clear_tests();
  for (const Measure& measure : kMeasures) {
    if (stopped()) return absl::CancelledError("the caller gave up");
    AddTest(measure, comparison);
  }
  return absl::OkStatus();
}

}  // namespace tact

// --confidence, --resamples, --permutations: how intervals and p-values are drawn.
#ifndef TACT_SERVICES_TACTCTL_RESAMPLING_FLAGS_H_
#define TACT_SERVICES_TACTCTL_RESAMPLING_FLAGS_H_

#include <CLI/CLI.hpp>

#include "services/tactctl/flags.h"
#include "tact/v1/evaluation.pb.h"

namespace tact::ctl {

inline constexpr char kStatistics[] = "Statistics";  // the flags' group in --help

// `options` must outlive the parse.
inline void AddBootstrapFlags(CLI::App& command, v1::ResamplingOptions* options) {
  AddField<double>(command, "--confidence", "Of intervals, above 0 and below 1 [0.95]",
                   [=](double v) { options->set_confidence(v); })
      ->group(kStatistics);
  AddField<uint32_t>(command, "--resamples", "Resampled means of an interval [1000]",
                     [=](uint32_t v) { options->set_resamples(v); })
      ->group(kStatistics);
  AddField<uint32_t>(command, "--resampling-seed", "Of intervals and p-values [0]",
                     [=](uint32_t v) { options->set_seed(v); })
      ->group(kStatistics);
}

inline void AddResamplingFlags(CLI::App& command, v1::ResamplingOptions* options) {
  AddBootstrapFlags(command, options);
  AddField<uint32_t>(command, "--permutations", "Sign flips of a permutation test [10000]",
                     [=](uint32_t v) { options->set_permutations(v); })
      ->group(kStatistics);
}

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_RESAMPLING_FLAGS_H_

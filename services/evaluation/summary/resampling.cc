#include "services/evaluation/summary/resampling.h"

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

constexpr uint32_t kMaxResamples = 10'000;
constexpr uint32_t kMaxPermutations = 100'000;

absl::Status CheckDraws(std::string_view field, uint32_t count, uint32_t max) {
  if (count >= 1 && count <= max) return absl::OkStatus();
  return FieldError(field, StrCat(count), StrCat("expected 1 to ", max),
                    "leave it out for the default");
}

}  // namespace

void FillResampling(v1::ResamplingOptions& options) {
  const statistics::BootstrapOptions bootstrap;
  if (!options.has_confidence()) options.set_confidence(bootstrap.confidence);
  if (!options.has_resamples()) options.set_resamples(bootstrap.resamples);
  if (!options.has_permutations()) {
    options.set_permutations(statistics::SignFlipOptions().permutations);
  }
  if (!options.has_seed()) options.set_seed(bootstrap.seed);
}

absl::Status CheckResampling(const v1::ResamplingOptions& options, std::string_view field) {
  // Written so that NaN is refused.
  if (!(options.confidence() > 0 && options.confidence() < 1)) {
    return FieldError(StrCat(field, ".confidence"), StrCat(options.confidence()),
                      "expected a share above 0 and below 1", "choose e.g. 0.95");
  }
  RETURN_IF_ERROR(CheckDraws(StrCat(field, ".resamples"), options.resamples(), kMaxResamples));
  return CheckDraws(StrCat(field, ".permutations"), options.permutations(), kMaxPermutations);
}

absl::StatusOr<v1::ResamplingOptions> FilledResampling(const v1::ResamplingOptions& options,
                                                       std::string_view field) {
  v1::ResamplingOptions filled = options;
  FillResampling(filled);
  RETURN_IF_ERROR(CheckResampling(filled, field));
  return filled;
}

statistics::PairedOptions ToPairedOptions(const v1::ResamplingOptions& options) {
  return {.bootstrap = {options.confidence(), options.resamples(), options.seed()},
          .sign_flips = {options.permutations(), options.seed()}};
}

}  // namespace tact

// One GenerateRequest as tasks of the engine, and what comes back as its completions.
#ifndef TACT_SERVICES_POLICY_GENERATE_CALL_H_
#define TACT_SERVICES_POLICY_GENERATE_CALL_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "services/policy/engine/task.h"
#include "services/policy/sampling_params.h"
#include "services/policy/stop_strings.h"
#include "services/policy/validation.h"
#include "tact/v1/policy.pb.h"

namespace tact {

class GenerateCall {
 public:
  // Checks the whole request: INVALID_ARGUMENT names the field. `request` and `tokenizer` must
  // outlive the call and its tasks.
  static absl::StatusOr<GenerateCall> Make(const v1::GenerateRequest& request,
                                           const Tokenizer& tokenizer, const RequestLimits& limits);

  // One for each prompt, with its place in the request as index.
  std::vector<PromptTask> Tasks(const ServedWeights& weights) const;
  int64_t responses() const { return std::ssize(prompts_) * sampling_.num_samples; }
  // Where a response stands among all: by prompt, then by sample.
  int64_t Place(size_t index, uint32_t sample) const {
    return static_cast<int64_t>(index) * sampling_.num_samples + sample;
  }
  v1::Completion ToCompletion(const SequenceResult& result) const;

  bool searches() const { return sampling_.beams.num_beams > 1; }
  const StopStrings& stops() const { return *stops_; }

 private:
  GenerateCall(const v1::GenerateRequest& request, const Tokenizer& tokenizer)
      : request_(request), tokenizer_(tokenizer) {}

  const v1::GenerateRequest& request_;
  const Tokenizer& tokenizer_;
  SamplingOptions sampling_;
  std::vector<Encoded> prompts_;
  std::shared_ptr<const StopStrings> stops_;
};

v1::FinishReason ToProto(EndReason reason);

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_GENERATE_CALL_H_

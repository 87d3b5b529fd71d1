// Prompts and responses of a data set as token ids, within the job's limits.
#ifndef TACT_SERVICES_TRAINER_SFT_EXAMPLES_H_
#define TACT_SERVICES_TRAINER_SFT_EXAMPLES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/tokenizer.h"
#include "services/trainer/datasets/dataset_store.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

struct SftExample {
  std::vector<int32_t> prompt;    // end token included
  std::vector<int32_t> response;  // end token included
};

// Dialogues become prompts by the job's template, with their first reference as the response. A
// text above its limit is cut where spec.truncate is set, else INVALID_ARGUMENT names the example.
absl::StatusOr<std::vector<SftExample>> ReadSftExamples(const StoredDataset& dataset,
                                                        const Tokenizer& tokenizer,
                                                        const v1::JobSpec& spec);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_SFT_EXAMPLES_H_

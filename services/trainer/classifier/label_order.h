// Which class of a model a label of a data set means.
#ifndef TACT_SERVICES_TRAINER_CLASSIFIER_LABEL_ORDER_H_
#define TACT_SERVICES_TRAINER_CLASSIFIER_LABEL_ORDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tact {

// Class index for each label number of a data set, 0 (neutral), 1 (toxic), ... up to `max_label`.
// A model of two classes of which one is named "toxic" (in any case) has it for label 1 and the
// other for label 0; any other model takes label i for class i. INVALID_ARGUMENT if the model has
// too few classes.
absl::StatusOr<std::vector<int64_t>> ClassOfLabel(const std::vector<std::string>& class_names,
                                                  int max_label);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_CLASSIFIER_LABEL_ORDER_H_

#include "services/trainer/classifier/label_order.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {

absl::StatusOr<std::vector<int64_t>> ClassOfLabel(const std::vector<std::string>& class_names,
                                                  int max_label) {
  const int classes = static_cast<int>(class_names.size());
  if (max_label >= classes) {
    return FieldError(
        "dataset_id", StrCat("label ", max_label),
        StrCat("the model has ", classes, " classes (", absl::StrJoin(class_names, ", "), ")"),
        "use labels below that, or a base_model whose config.json names more classes "
        "in id2label");
  }
  if (classes == 2 && absl::EqualsIgnoreCase(class_names[0], "toxic")) {
    return std::vector<int64_t>{1, 0};
  }
  std::vector<int64_t> order;
  for (int label = 0; label <= std::max(max_label, 1); ++label) order.push_back(label);
  return order;
}

}  // namespace tact

// Quality of a binary classifier on labelled examples.
#ifndef TACT_SERVICES_TACTCTL_CLASSIFICATION_H_
#define TACT_SERVICES_TACTCTL_CLASSIFICATION_H_

#include <optional>
#include <span>

namespace tact::ctl {

struct Judged {
  double toxicity;  // probability of the positive class
  bool toxic;       // the label
};

// Share with toxicity >= 0.5 exactly where the label says so; 0 for none.
double Accuracy(std::span<const Judged> judged);

// Area under the ROC curve by ranks (Mann-Whitney U), ties count half; nothing unless both classes
// occur.
std::optional<double> AreaUnderCurve(std::span<const Judged> judged);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_CLASSIFICATION_H_

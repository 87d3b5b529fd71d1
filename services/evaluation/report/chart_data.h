// From evaluations to what plots show.
#ifndef TACT_SERVICES_EVALUATION_REPORT_CHART_DATA_H_
#define TACT_SERVICES_EVALUATION_REPORT_CHART_DATA_H_

#include <vector>

#include "services/evaluation/report/svg_chart.h"

namespace tact {

// One value for each row of a comparison, in its order.
struct ComparedColumns {
  std::vector<double> toxicity_before, toxicity_after, words_before, words_after, differences;
};
ComparedColumns ColumnsOf(const v1::CompareResponse& comparison);

// ROUGE of both sides with intervals; none where a side has none.
std::vector<BarPair> RougePairs(const v1::CompareResponse& comparison);

// Edges of about ten bins of round width that cover all values.
std::vector<double> RoundEdges(const std::vector<double>& before, const std::vector<double>& after);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_REPORT_CHART_DATA_H_

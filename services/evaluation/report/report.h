// A comparison as a file: a page for people, json and csv for programs.
#ifndef TACT_SERVICES_EVALUATION_REPORT_REPORT_H_
#define TACT_SERVICES_EVALUATION_REPORT_REPORT_H_

#include <string>
#include <vector>

#include "tact/v1/evaluation.pb.h"

namespace tact {

struct Report {
  v1::CompareResponse comparison;
  std::vector<v1::Evaluation> others;   // further lines of the first table
  std::vector<v1::ReportCurve> curves;  // of training, all values finite
};

// One page that loads nothing else: style sheet and plots (SVG) inside, no scripts. All text from
// evaluations is escaped.
std::string HtmlReport(const Report& report);

// {"before": {...}, "after": {...}, "others": [...], "tests": [...], "rows": [...],
// "curves": [...], ...}
std::string JsonReport(const Report& report);

// RFC 4180: a header and a record for each row of the comparison.
std::string CsvReport(const Report& report);

// RFC 4180: evaluation,measure,statistic,value, a record for each number of the two evaluations
// ("before", "after"), of the others (their ids) and of the comparison ("change").
std::string SummaryCsvReport(const Report& report);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_REPORT_REPORT_H_

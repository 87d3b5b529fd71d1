// The parts of report.html, each as HTML of its own, and what they share.
#ifndef TACT_SERVICES_EVALUATION_REPORT_HTML_SECTIONS_H_
#define TACT_SERVICES_EVALUATION_REPORT_HTML_SECTIONS_H_

#include <string>
#include <string_view>

#include "services/evaluation/report/report.h"

namespace tact {

// Headings with plots. Curves are "" where there are none.
std::string PlotsSection(const v1::CompareResponse& comparison);
std::string CurvesSection(const Report& report);

// Headings with tables.
std::string ModelsSection(const Report& report);
std::string TestsSection(const v1::CompareResponse& comparison);
std::string QuantilesSection(const v1::CompareResponse& comparison);
std::string ExamplesSection(const v1::CompareResponse& comparison);

// The name of an evaluation, or its model's where it has none; not escaped.
std::string TitleOf(const v1::Evaluation& evaluation);

// "ROUGE-1" of "rouge1": what people call a measure of PairedTest.
std::string_view MeasureName(std::string_view measure);

// Which way is better.
enum class Aim { kDown, kUp, kNeither };

// "good", "bad" or "flat": the look of a change.
std::string_view ChangeClass(double change, Aim aim);

std::string Pill(std::string_view css_class, std::string_view text);

}  // namespace tact

#endif  // TACT_SERVICES_EVALUATION_REPORT_HTML_SECTIONS_H_

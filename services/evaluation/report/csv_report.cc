#include "services/evaluation/report/csv_text.h"
#include "services/evaluation/report/report.h"

namespace tact {
namespace {

// Empty fields where an example has no reference.
std::string RougeFields(const v1::ComparedExample& row) {
  if (!row.has_rouge_before()) return ",,,,,,,,";
  std::string fields;
  for (const v1::RougeScores* scores : {&row.rouge_before(), &row.rouge_after()}) {
    for (const double value :
         {scores->rouge1(), scores->rouge2(), scores->rouge_l(), scores->rouge_lsum()}) {
      fields += "," + CsvNumber(value);
    }
  }
  return fields;
}

}  // namespace

std::string CsvReport(const Report& report) {
  std::string csv =
      "id,reward_before,reward_after,reward_difference,toxicity_before,toxicity_after,"
      "response_before,response_after,dialogue,rouge1_before,rouge2_before,rougeL_before,"
      "rougeLsum_before,rouge1_after,rouge2_after,rougeL_after,rougeLsum_after,words_before,"
      "words_after,tokens_before,tokens_after\r\n";
  for (const v1::ComparedExample& row : report.comparison.rows()) {
    csv += CsvText(row.id());
    for (const double value : {row.reward_before(), row.reward_after(), row.reward_difference(),
                               row.toxicity_before(), row.toxicity_after()}) {
      csv += "," + CsvNumber(value);
    }
    for (const std::string* text :
         {&row.response_before(), &row.response_after(), &row.dialogue()}) {
      csv += "," + CsvText(*text);
    }
    csv += RougeFields(row);
    for (const uint32_t count :
         {row.words_before(), row.words_after(), row.tokens_before(), row.tokens_after()}) {
      csv += "," + CsvNumber(count);
    }
    csv += "\r\n";
  }
  return csv;
}

}  // namespace tact

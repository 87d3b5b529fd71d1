#include "services/trainer/page/page_html.h"

#include <algorithm>
#include <utility>

#include "common/base/strings.h"
#include "services/trainer/page/curves.h"
#include "services/trainer/page/html_text.h"

namespace tact {
namespace {

std::string Frame(std::string_view title, std::string_view content) {
  return StrCat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>",
      EscapeHtml(title),
      "</title><link rel=\"icon\" href=\"/icon.svg\"><link rel=\"stylesheet\" href=\"/page.css\">"
      "<script src=\"/page.js\" defer></script></head><body><main>\n",
      content,
      "\n<p id=\"offline\" class=\"soft\" hidden>The trainer does not answer; trying again.</p>"
      "</main></body></html>\n");
}

std::string Title(const v1::Job& job) {
  return job.spec().name().empty() ? job.id() : job.spec().name();
}

std::string StatePill(const v1::Job& job, std::string_view attributes) {
  const std::string state = StateWord(job.state());
  return StrCat("<span ", attributes, "class=\"pill ", state, "\">", state, "</span>");
}

std::string ProgressBar(const v1::Job& job, std::string_view attributes) {
  return StrCat("<progress ", attributes, "max=\"", std::max(1u, job.total_steps()), "\" value=\"",
                job.step(), "\"></progress>");
}

std::string Steps(const v1::Job& job) {
  return job.total_steps() == 0 ? "" : StrCat(job.step(), " / ", job.total_steps());
}

std::string Message(const v1::Job& job) {
  if (job.state() != v1::JOB_STATE_PAUSED) return job.message();
  return StrCat(ReasonWords(job.pause_reason()), job.message().empty() ? "" : ": ", job.message());
}

std::string JobRow(const v1::Job& job) {
  return StrCat("<tr><td class=\"text\"><a href=\"/jobs/", EscapeHtml(job.id()), "\">",
                EscapeHtml(Title(job)), "</a></td><td>", KindWord(job.spec().kind()), "</td><td>",
                StatePill(job, ""), "</td><td class=\"number\">", ProgressBar(job, ""), " ",
                Steps(job), "</td><td class=\"number wide\">", Moment(job.created_at()),
                "</td><td class=\"text wide\">", EscapeHtml(Message(job)), "</td></tr>\n");
}

using Facts = std::vector<std::pair<std::string, std::string>>;

Facts JobFacts(const v1::Job& job) {
  const v1::JobSpec& spec = job.spec();
  Facts out = {{"job", job.id()},
               {"kind", KindWord(spec.kind())},
               {"starts from", spec.base_job().empty() ? spec.base_model() : spec.base_job()},
               {"data set", spec.dataset_id()},
               {"created", Moment(job.created_at())},
               {"started", Moment(job.started_at())},
               {"finished", Moment(job.finished_at())},
               {"result", job.result_path()}};
  if (job.total_parameters() > 0) {
    out.emplace_back("parameters trained",
                     StrCat(job.trainable_parameters(), " of ", job.total_parameters()));
  }
  if (job.weight_version() > 0) {
    out.emplace_back("served as", StrCat(spec.publish_as(), " v", job.weight_version()));
  }
  if (job.has_best_step()) {
    out.emplace_back("best validation",
                     StrCat(ShortNumber(job.best_metric()), " at step ", job.best_step()));
  }
  return out;
}

// The last value of each curve.
Facts LastValues(const v1::Job& job) {
  Facts out;
  JobCurves curves(job.spec().kind(), 2);
  curves.Add(job.last_metrics());
  for (const NamedCurve& curve : curves.curves()) {
    if (curve.points.empty()) continue;
    out.emplace_back(curve.name, ShortNumber(curve.points.back().second));
  }
  return out;
}

std::string FactTable(const Facts& facts) {
  std::string rows;
  for (const auto& [name, value] : facts) {
    if (value.empty()) continue;
    StrAppend(&rows, "<tr><th>", EscapeHtml(name), "</th><td class=\"text\">", EscapeHtml(value),
              "</td></tr>\n");
  }
  return rows.empty() ? "" : StrCat("<div class=\"scroll\"><table>", rows, "</table></div>\n");
}

std::string Response(const SampleAtStep& sample) {
  const std::string score = sample.score ? StrCat(", reward ", ShortNumber(*sample.score)) : "";
  return StrCat("<span class=\"soft\">step ", sample.step + 1, score, "</span>\n",
                EscapeHtml(sample.response));
}

// Those that can be compared come first.
std::string SampleRows(std::vector<KeptSample> samples) {
  std::stable_partition(samples.begin(), samples.end(),
                        [](const KeptSample& one) { return one.now.has_value(); });
  std::string rows;
  for (const KeptSample& one : samples) {
    StrAppend(&rows, "<tr><td class=\"text\"><div class=\"prompt\">", EscapeHtml(one.prompt),
              "</div></td><td class=\"text\">", Response(one.before), "</td><td class=\"text\">",
              one.now ? Response(*one.now) : "", "</td></tr>\n");
  }
  return rows;
}

std::string SampleTable(const std::vector<KeptSample>& samples, std::string_view first,
                        std::string_view second) {
  return StrCat("<div class=\"scroll\"><table><thead><tr><th>prompt</th><th>", first, "</th><th>",
                second, "</th></tr></thead><tbody>", SampleRows(samples),
                "</tbody></table></div>\n");
}

std::string Samples(const KeptSamples* samples) {
  std::string out = "<h2>Samples, before and now</h2>\n";
  if (samples == nullptr) {
    return out +
           "<p class=\"soft\">Prompts and responses are not stored: start tact-trainer with "
           "--log-text to see some here.</p>\n";
  }
  if (samples->fixed.empty()) return out + "<p class=\"soft\">None yet.</p>\n";
  out += SampleTable(samples->fixed, "before", "now");
  if (samples->latest.empty()) return out;
  return out + "<h2>Latest samples, other prompts</h2>\n" + SampleTable(samples->latest, "now", "");
}

}  // namespace

std::string RenderJobList(const std::vector<v1::Job>& jobs, bool more) {
  std::string rows;
  for (const v1::Job& job : jobs) rows += JobRow(job);
  std::string content = StrCat(
      "<h1>Training jobs</h1><p class=\"soft\">Newest first. The page follows by itself.</p>"
      "<div class=\"scroll\"><table><thead><tr><th>name</th><th>kind</th><th>state</th>"
      "<th>steps</th><th class=\"wide\">created</th><th class=\"wide\">message</th></tr></thead>"
      "<tbody id=\"jobs\">\n",
      rows, "</tbody></table></div>");
  if (jobs.empty()) content += "<p class=\"soft\">There is no job yet: tactctl train --help</p>";
  if (more) content += "<p class=\"soft\">Older ones: tactctl jobs list</p>";
  return Frame("tact: training jobs", content);
}

std::string RenderJob(const v1::Job& job, const KeptSamples* samples) {
  std::string content = StrCat(
      "<p class=\"soft\"><a href=\"/\">Training jobs</a></p><h1>", EscapeHtml(Title(job)),
      "</h1><p>", StatePill(job, "id=\"state\" "), " ", ProgressBar(job, "id=\"progress\" "),
      " <span id=\"steps\" class=\"number\">", Steps(job), "</span></p><p id=\"message\">",
      EscapeHtml(Message(job)),
      "</p>\n<h2>Curves</h2>\n<div id=\"curves\" class=\"plots\" data-job=\"", EscapeHtml(job.id()),
      "\"><noscript><p class=\"soft\">Curves need JavaScript; the last values stand below.</p>"
      "</noscript></div>\n");
  if (job.spec().kind() == v1::JOB_KIND_PPO) content += Samples(samples);
  content += "<h2>Last step</h2>\n" + FactTable(LastValues(job));
  content += "<h2>Job</h2>\n" + FactTable(JobFacts(job));
  return Frame(StrCat("tact: ", Title(job)), content);
}

std::string RenderNotFound(std::string_view what) {
  return Frame("tact: not found", StrCat("<h1>Not found</h1><p>There is no ", EscapeHtml(what),
                                         ".</p><p><a href=\"/\">Training jobs</a></p>"));
}

}  // namespace tact

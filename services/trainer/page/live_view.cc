#include "services/trainer/page/live_view.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/trainer/page/job_json.h"
#include "services/trainer/page/page_html.h"
#include "services/trainer/page/script.h"
#include "services/trainer/page/style_sheet.h"

namespace tact {
namespace {

using nlohmann::json;

constexpr uint32_t kJobsShown = 200;
constexpr char kId[] = "([A-Za-z0-9._-]{1,200})";

HttpReply Reply(int status, std::string_view type, std::string body) {
  return {status,
          std::string(type),
          std::move(body),
          {{"Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
           {"X-Content-Type-Options", "nosniff"},
           {"Referrer-Policy", "no-referrer"},
           {"Cache-Control", "no-store"}}};
}

HttpReply Html(int status, std::string body) {
  return Reply(status, "text/html; charset=utf-8", std::move(body));
}

HttpReply Json(int status, const json& value) {
  return Reply(status, "application/json", Dump(value));
}

int HttpStatus(const absl::Status& status) {
  return absl::IsNotFound(status) ? 404 : absl::IsInvalidArgument(status) ? 400 : 500;
}

HttpReply JsonOr(const absl::StatusOr<json>& value) {
  if (value.ok()) return Json(200, *value);
  return Json(HttpStatus(value.status()), {{"error", std::string(value.status().message())}});
}

absl::StatusOr<json> ListJson(const JobStore& store) {
  ASSIGN_OR_RETURN(const JobPage page, store.List(kJobsShown, ""));
  json jobs = json::array();
  for (const v1::Job& job : page.jobs) jobs.push_back(JobJson(job));
  return json{{"jobs", std::move(jobs)}, {"more", !page.next_page_token.empty()}};
}

absl::StatusOr<json> EventsJson(const JobStore& store, const HttpRequest& request) {
  uint64_t after = 0;
  const auto found = request.parameters.find("after");
  if (found != request.parameters.end() && !absl::SimpleAtoi(found->second, &after)) {
    return FieldError("after", Shorten(found->second), "no sequence number", "leave it out, or 0");
  }
  return JobEventsJson(store, request.groups.at(0), after);
}

HttpReply ListHtml(const JobStore& store) {
  const absl::StatusOr<JobPage> page = store.List(kJobsShown, "");
  if (!page.ok()) return Html(500, RenderNotFound("list of jobs now"));
  return Html(200, RenderJobList(page->jobs, !page->next_page_token.empty()));
}

HttpReply JobHtml(const JobStore& store, const SampleLog* samples, const std::string& id) {
  const absl::StatusOr<v1::Job> job = store.Get(id);
  if (!job.ok()) return Html(HttpStatus(job.status()), RenderNotFound(StrCat("job ", id)));
  if (samples == nullptr) return Html(200, RenderJob(*job, nullptr));
  const KeptSamples kept = samples->Read(id);
  return Html(200, RenderJob(*job, &kept));
}

HttpRoute Asset(const char* path, const char* type, std::string_view content) {
  return {path, [=](const HttpRequest&) { return Reply(200, type, std::string(content)); }};
}

}  // namespace

std::vector<HttpRoute> LiveViewRoutes(const JobStore& store, const SampleLog* samples) {
  return {
      {"/", [&store](const HttpRequest&) { return ListHtml(store); }},
      {StrCat("/jobs/", kId),
       [&store, samples](const HttpRequest& request) {
         return JobHtml(store, samples, request.groups.at(0));
       }},
      {"/api/jobs", [&store](const HttpRequest&) { return JsonOr(ListJson(store)); }},
      {StrCat("/api/jobs/", kId),
       [&store](const HttpRequest& request) { return JsonOr(EventsJson(store, request)); }},
      Asset("/page.css", "text/css; charset=utf-8", kPageStyle),
      Asset("/page.js", "text/javascript; charset=utf-8", kPageScript),
      Asset("/icon.svg", "image/svg+xml", kPageIcon),
  };
}

}  // namespace tact

// The live view: pages, their parts and the JSON that they poll, as routes for the trainer's HTTP
// port. Read-only; every answer forbids by its Content-Security-Policy what is not of this port.
#ifndef TACT_SERVICES_TRAINER_PAGE_LIVE_VIEW_H_
#define TACT_SERVICES_TRAINER_PAGE_LIVE_VIEW_H_

#include <vector>

#include "common/rpc/http_endpoint.h"
#include "services/trainer/jobs/job_store.h"
#include "services/trainer/page/sample_log.h"

namespace tact {

// GET /  /jobs/ID  /api/jobs  /api/jobs/ID?after=SEQUENCE  /page.css  /page.js  /icon.svg
// `store` and `samples` must outlive the endpoint; `samples` is null where no text may be shown.
std::vector<HttpRoute> LiveViewRoutes(const JobStore& store, const SampleLog* samples);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PAGE_LIVE_VIEW_H_

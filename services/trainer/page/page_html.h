// The pages as the server renders them: readable without a script.
#ifndef TACT_SERVICES_TRAINER_PAGE_PAGE_HTML_H_
#define TACT_SERVICES_TRAINER_PAGE_PAGE_HTML_H_

#include <string>
#include <string_view>
#include <vector>

#include "services/trainer/page/sample_log.h"
#include "tact/v1/trainer.pb.h"

namespace tact {

// Newest first; `more` says that older ones are not shown.
std::string RenderJobList(const std::vector<v1::Job>& jobs, bool more);
// `samples` is null where the trainer may not store text.
std::string RenderJob(const v1::Job& job, const KeptSamples* samples);
std::string RenderNotFound(std::string_view what);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PAGE_PAGE_HTML_H_

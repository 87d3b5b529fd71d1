// Prompts of a command: from its arguments, the standard input, or a data set with a template and
// solved examples before each dialogue.
#ifndef TACT_SERVICES_TACTCTL_PROMPTS_H_
#define TACT_SERVICES_TACTCTL_PROMPTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/dataset.h"
#include "services/tactctl/context.h"

namespace tact::ctl {

struct PromptSource {
  std::vector<std::string> texts;  // none, or "-": the standard input
  bool lines = false;              // each line of the standard input by itself
  std::string dataset;
  std::string shots_file;  // "": the first records of the data set
  size_t shots = 0;
  size_t skip = 0;
  size_t limit = 0;             // 0: all
  std::string prompt_template;  // "": "none" for texts, "summarize" for a data set,
                                // "what-was-going-on" with shots
};

struct Prompt {
  std::string id;
  std::string text;
  std::string reference;  // "" if there is none
};

absl::StatusOr<std::vector<Prompt>> ReadPrompts(const PromptSource& source, Terminal& terminal);

// Arguments, or the standard input where there are none or "-": whole, or line by line (empty
// lines left out). INVALID_ARGUMENT names the argument or line that is empty or not UTF-8.
absl::StatusOr<std::vector<std::string>> ReadTexts(const std::vector<std::string>& arguments,
                                                   bool lines, Terminal& terminal);

// Records `skip` to `skip + limit`; an error if none is left.
absl::StatusOr<std::vector<DialogueExample>> ReadSlice(const std::string& dataset, size_t skip,
                                                       size_t limit, const DatasetOptions& options);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_PROMPTS_H_

// The text of a response that grows by tokens, in pieces that later tokens do not change.
#ifndef TACT_SERVICES_POLICY_TEXT_STREAM_H_
#define TACT_SERVICES_POLICY_TEXT_STREAM_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/tokenizer.h"
#include "services/policy/stop_strings.h"

namespace tact {

class TextStream {
 public:
  // Both must outlive it.
  TextStream(const Tokenizer& tokenizer, const StopStrings& stops)
      : tokenizer_(tokenizer), stops_(stops) {}

  // What may be sent now that `id` has been added: whole characters, often none. Held back are the
  // bytes that the next token could change (the rest of a character, a space that goes) and those
  // that could be the beginning of a stop string.
  std::string Add(int32_t id);
  // The rest of the response's text, `whole`: cut at its first stop string.
  std::string Finish(std::string_view whole) const;

 private:
  const Tokenizer& tokenizer_;
  const StopStrings& stops_;
  std::vector<int32_t> ids_;
  size_t sent_ = 0;  // bytes
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_TEXT_STREAM_H_

// Stop strings of a response: where the first one begins in a text, and whether a response that
// grows by a token has reached one, without decoding all of it again.
#ifndef TACT_SERVICES_POLICY_STOP_STRINGS_H_
#define TACT_SERVICES_POLICY_STOP_STRINGS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/tokenizer.h"

namespace tact {

class StopStrings {
 public:
  explicit StopStrings(std::vector<std::string> stops);

  bool empty() const { return stops_.empty(); }
  size_t longest() const { return longest_; }  // bytes
  // Where the first of them begins in `text`; npos if none does.
  size_t Find(std::string_view text) const;

  // Whether the text of `ids` holds one, given that it held none before the last id. Decodes a tail
  // that is long enough for a stop string to end in what the last id has changed; all of it only
  // where that tail holds one.
  bool Reached(const Tokenizer& tokenizer, std::span<const int32_t> ids) const;

 private:
  std::vector<std::string> stops_;
  size_t longest_ = 0;  // bytes
};

}  // namespace tact

#endif  // TACT_SERVICES_POLICY_STOP_STRINGS_H_

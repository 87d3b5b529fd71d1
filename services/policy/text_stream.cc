#include "services/policy/text_stream.h"

#include <algorithm>

namespace tact {
namespace {

// Bytes before a token that it can change: up to three of a character, which show as nine, or
// " do not", which becomes " don't" where a tokenizer cleans up.
constexpr size_t kChangeable = 16;

bool ContinuesCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

}  // namespace

std::string TextStream::Add(int32_t id) {
  ids_.push_back(id);
  const std::string text = tokenizer_.Decode(ids_, /*skip_special_tokens=*/true);
  const size_t held = kChangeable + stops_.longest();
  size_t end = std::min(text.size() - std::min(text.size(), held), stops_.Find(text));
  while (end > 0 && ContinuesCharacter(text[end])) --end;
  if (end <= sent_) return "";
  const std::string piece = text.substr(sent_, end - sent_);
  sent_ = end;
  return piece;
}

std::string TextStream::Finish(std::string_view whole) const {
  return std::string(whole.substr(std::min(sent_, whole.size())));
}

}  // namespace tact

#include "common/text/grapheme.h"

#include <unicode/uchar.h>

#include "common/text/utf8.h"

namespace tact {
namespace {

struct Kind {
  UGraphemeClusterBreak gcb;
  bool pictographic;
};

Kind KindOf(char32_t c) {
  const auto code_point = static_cast<UChar32>(c);
  return {static_cast<UGraphemeClusterBreak>(
              u_getIntPropertyValue(code_point, UCHAR_GRAPHEME_CLUSTER_BREAK)),
          u_hasBinaryProperty(code_point, UCHAR_EXTENDED_PICTOGRAPHIC) != 0};
}

bool IsControl(UGraphemeClusterBreak gcb) {
  return gcb == U_GCB_CR || gcb == U_GCB_LF || gcb == U_GCB_CONTROL;
}

// Printable ASCII: no two of them join, and most texts are of it.
bool IsPlain(char c) { return c >= ' ' && c <= '~'; }

// GB6 to GB8: the parts of a Hangul syllable.
bool JoinsHangul(UGraphemeClusterBreak left, UGraphemeClusterBreak right) {
  if (left == U_GCB_L) {
    return right == U_GCB_L || right == U_GCB_V || right == U_GCB_LV || right == U_GCB_LVT;
  }
  if (left == U_GCB_LV || left == U_GCB_V) return right == U_GCB_V || right == U_GCB_T;
  return (left == U_GCB_LVT || left == U_GCB_T) && right == U_GCB_T;
}

// What of the cluster so far decides whether the next character belongs to it.
class Cluster {
 public:
  explicit Cluster(Kind first) { Add(first); }

  bool Joins(Kind next) const {
    if (last_ == U_GCB_CR) return next.gcb == U_GCB_LF;
    if (IsControl(last_) || IsControl(next.gcb)) return false;
    if (next.gcb == U_GCB_EXTEND || next.gcb == U_GCB_ZWJ) return true;
    if (next.gcb == U_GCB_SPACING_MARK || last_ == U_GCB_PREPEND) return true;
    if (next.gcb == U_GCB_REGIONAL_INDICATOR && last_ == next.gcb) return flags_ % 2 == 1;
    if (next.pictographic && last_ == U_GCB_ZWJ) return pictograph_;
    return JoinsHangul(last_, next.gcb);
  }

  void Add(Kind next) {
    if (next.gcb == U_GCB_REGIONAL_INDICATOR) ++flags_;
    const bool goes_on = next.gcb == U_GCB_EXTEND || next.gcb == U_GCB_ZWJ;
    pictograph_ = next.pictographic || (pictograph_ && goes_on && last_ != U_GCB_ZWJ);
    last_ = next.gcb;
  }

 private:
  UGraphemeClusterBreak last_ = U_GCB_OTHER;
  size_t flags_ = 0;         // regional indicators; a pair of them is a flag
  bool pictograph_ = false;  // ends with a pictograph, its Extend and at most one ZWJ (GB11)
};

}  // namespace

size_t GraphemeEnd(std::string_view text, size_t at) {
  if (IsPlain(text[at]) && (at + 1 == text.size() || IsPlain(text[at + 1]))) return at + 1;
  Cluster cluster(KindOf(NextCodePoint(text, &at)));
  while (at < text.size()) {
    size_t end = at;
    const Kind next = KindOf(NextCodePoint(text, &end));
    if (!cluster.Joins(next)) break;
    cluster.Add(next);
    at = end;
  }
  return at;
}

}  // namespace tact
